/** What the documentation of product telemetry advises on names and data. Advice only: nothing is refused or changed. */

/** Parts of names of fields that hold personal information or secrets. */
const PERSONAL = /e-?mail|phone|(first|last|full|user)_?name|address|birth|ssn|password|secret/i;

/** A function that says what is wrong with an event: each name is looked at once. */
export function advisor(say: (advice: string) => void): (name: string, data: object) => void {
  const known = new Set<string>();
  /** The style that the first event, and the first attribute, set for those after them. */
  const styles: { [kind: string]: string } = {};
  return (event, data) => {
    if (known.has(event)) return;
    known.add(event);
    const said: string[] = [];
    const compare = (kind: string, name: string) => {
      // Of the first two words: `Xx Xx`, `x_x`, `xXx`; one word alone has no style.
      const style = /^X?x[ _.-]?X?x/.exec(name.replace(/[A-Z]+/g, "X").replace(/[a-z0-9]+/g, "x"))?.[0];
      if (!style) return;
      styles[kind] ??= style;
      if (styles[kind] !== style) {
        said.push(`${kind} ${name} is not written like the first (${styles[kind]})`);
      }
    };
    compare("event", event);
    if (!/^.{1,255}$/.test(event) || /\d{4}|@/.test(event)) {
      said.push("a name has 1 to 255 characters, no numbers or ids");
    }
    for (const attribute of Object.keys(data)) {
      if (PERSONAL.test(attribute)) said.push(`attribute ${attribute} may be personal`);
      compare("attribute", attribute);
    }
    if (said[0]) say(`event ${event}: ${said.join("; ")}`);
  };
}
