/** Tests behind `is`. */

const isNumber = (value: unknown): value is number => typeof value === "number";

export const TESTS: Record<string, (value: unknown, other?: unknown) => boolean> = {
  defined: (value) => value !== undefined,
  divisibleby: (value, other) => Number(value) % Number(other) === 0,
  eq: (value, other) => value === other,
  equalto: (value, other) => value === other,
  even: (value) => Number(value) % 2 === 0,
  falsy: (value) => !value,
  ge: (value, other) => (value as number) >= (other as number),
  greaterthan: (value, other) => (value as number) > (other as number),
  gt: (value, other) => (value as number) > (other as number),
  iterable: (value) => value !== null && value !== undefined && Symbol.iterator in Object(value),
  le: (value, other) => (value as number) <= (other as number),
  lessthan: (value, other) => (value as number) < (other as number),
  lower: (value) => String(value).toLowerCase() === value,
  lt: (value, other) => (value as number) < (other as number),
  mapping: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ne: (value, other) => value !== other,
  none: (value) => value === null,
  null: (value) => value === null,
  number: isNumber,
  odd: (value) => Number(value) % 2 === 1,
  sameas: (value, other) => value === other,
  string: (value) => typeof value === "string",
  truthy: (value) => Boolean(value),
  undefined: (value) => value === undefined,
  upper: (value) => String(value).toUpperCase() === value,
};
