/** A token bucket for each event name: actions in excess are counted, not sent one by one. */

export interface Throttle {
  /** How many events of one name may come at once. */
  burst: number;
  /** How many of one name may go on coming, a second. */
  perSecond: number;
}

interface Bucket<Item> {
  tokens: number;
  at: number;
  /** How many were held back since the last that went, and the last of them. */
  held: number;
  last: Item;
}

export function buckets<Item>({ burst, perSecond }: Throttle) {
  const all = new Map<string, Bucket<Item>>();
  return {
    /** How many of this name were held back before this one, or `undefined` where this one is held back too. `now` is in ms. */
    take(name: string, item: Item, now: number): number | undefined {
      const bucket = all.get(name) ?? { tokens: burst, at: now, held: 0, last: item };
      all.set(name, bucket);
      bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      const { held } = bucket;
      if (bucket.tokens < 1) {
        bucket.held += 1;
        bucket.last = item;
        return;
      }
      bucket.tokens -= 1;
      bucket.held = 0;
      return held;
    },

    /** Gives the last one of each name that is held back, and how many before it: perhaps nothing comes after to tell of them. */
    release(give: (item: Item, held: number) => void): void {
      for (const bucket of all.values()) {
        if (bucket.held) give(bucket.last, bucket.held - 1);
        bucket.held = 0;
      }
    },
  };
}
