export function size(what?: string): Promise<{ minified: number; gzip: number }>;
