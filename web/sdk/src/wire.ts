/** What goes over the wire to `POST /api/events/`; errors are in `errors.ts`. */

/** A mod component: a starter brick's place in a mod, with what it belongs to. */
export interface Component {
  /** UUID of the mod component. */
  modComponentId?: string;
  label?: string;
  modId?: string;
  modVersion?: string;
  deploymentId?: string;
  starterBrickId?: string;
}

/** One item of `events`. */
export interface EventItem {
  /** The event's identity: one that arrives again counts once. */
  id: string;
  event: string;
  /** Milliseconds since 1970, UTC. */
  timestamp: number;
  data: Record<string, unknown>;
  [field: string]: unknown;
}

/**
 * As much of a component as its events tell: everything of one that is deployed, the mod's part of one that is not, and
 * of one outside of a mod nothing but its id.
 */
export function componentData(component: Component): Record<string, unknown> {
  const { modComponentId, label, modId, modVersion, deploymentId, starterBrickId } = component;
  const mod = { modComponentId, label, modId, modVersion };
  if (deploymentId) return { ...mod, deploymentId, starterBrickId };
  return modId ? mod : { modComponentId };
}
