/** Where in a definition a value is: `pipeline[0].config.body[3].outputKey`. */

import { quoted } from "./problem";

export type Step = string | number;

export function pathText(steps: readonly Step[]): string {
  let text = "";
  for (const step of steps) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$-][\w$-]{0,59}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `["${quoted(step).slice(1, -1)}"]`;
  }
  return text;
}
