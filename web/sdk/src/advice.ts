/** What the documentation of product telemetry advises on names and data. Advice only: nothing is refused or changed. */

/** Parts of names of fields that hold personal information or secrets. */
const PERSONAL = /e-?mail|phone|(first|last|full|user)_?name|address|birth|ssn|password|secret/i;

/** How the first two words of a name are written: `Xx Xx`, `x_x`, `xXx`; one word alone has no style. */
function styleOf(name: string): string | undefined {
  return /^X?x[ _.-]?X?x/.exec(name.replace(/[A-Z]+/g, "X").replace(/[a-z0-9]+/g, "x"))?.[0];
}

/** A function that says what is wrong with an event: each name is looked at once. */
export function advisor(say: (advice: string) => void): (name: string, data: object) => void {
  const known = new Set<string>();
  /** The style that the first event, and the first attribute, set for those after them. */
  const styles: { [kind: string]: string } = {};
  const pattern = (kind: string, name: string): string[] => {
    const style = styleOf(name);
    if (!style) return [];
    styles[kind] ??= style;
    return styles[kind] === style ? [] : [`${kind} ${name} is not written like the ones before (${styles[kind]})`];
  };
  return (name, data) => {
    if (known.has(name)) return;
    known.add(name);
    const said = pattern("event", name);
    if (!/^.{1,255}$/.test(name) || /\d{4}|@/.test(name)) {
      said.push("a name has 1 to 255 characters; numbers and ids belong into data");
    }
    for (const attribute of Object.keys(data)) {
      if (PERSONAL.test(attribute)) said.push(`attribute ${attribute} may hold personal information`);
      said.push(...pattern("attribute", attribute));
    }
    if (said[0]) say(`event ${name}: ${said.join("; ")}`);
  };
}
