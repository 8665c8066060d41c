/** Functions of expressions. */

import { TemplateFault } from "../fault";

const MAX_RANGE = 10_000;

export const FUNCTIONS: Record<string, (...values: unknown[]) => unknown> = {
  range(first, second, third) {
    const [start, stop] = second === undefined ? [0, Number(first)] : [Number(first), Number(second)];
    const step = third === undefined ? 1 : Number(third);
    if (!(Math.abs((stop - start) / step) <= MAX_RANGE)) throw TemplateFault.tooLarge();
    const numbers: number[] = [];
    for (let at = start; step > 0 ? at < stop : at > stop; at += step) numbers.push(at);
    return numbers;
  },
};
