/** The core, as tests of bricks use it. */
export { contextOf } from "../../src/errors";
export { type Client, init, type Options } from "../../src/index";
