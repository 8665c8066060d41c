export { type AsyncRun, type AsyncState, withAsyncModVariable } from "./async";
export { type Client, type Extra, init, type Options, type User } from "./client";
export {
  BusinessError,
  CancelError,
  type ErrorContext,
  type ErrorRecord,
  PropError,
} from "./errors";
export type { DefaultMode, Firsts, ReportMode } from "./modes";
export type { Visit } from "./page";
export { type Run, runStarterBrick, type StarterBrick } from "./run";
export type { Throttle } from "./throttle";
export type { Component, EventItem } from "./wire";
