import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ApiError, fetchMe, type Me } from "./api";

const STORED_AS = "modlake.key";

interface Auth {
  /** The key in use; `null` shows the sign-in page. */
  key: string | null;
  me: Me | null;
  /** Why the key is being looked at again or could not be: for the page that waits. */
  checking: { pending: boolean; error: Error | null; retry: () => void };
  /** Why the person has to sign in again. */
  notice: string | null;
  signIn: (key: string, remember: boolean) => Promise<void>;
  signOut: (notice?: string) => void;
}

const AuthContext = createContext<Auth | null>(null);

export function AuthProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [key, setKey] = useState(storedKey);
  const [notice, setNotice] = useState<string | null>(null);
  const check = useQuery({
    queryKey: ["me", key],
    queryFn: ({ signal }) => checkKey(key ?? "", signal),
    enabled: key !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });

  const signOut = useCallback(
    (why?: string) => {
      sessionStorage.removeItem(STORED_AS);
      localStorage.removeItem(STORED_AS);
      setKey(null);
      setNotice(why ?? null);
      client.clear();
    },
    [client],
  );

  const signIn = useCallback(
    async (given: string, remember: boolean) => {
      const me = await checkKey(given);
      client.setQueryData(["me", given], me);
      (remember ? localStorage : sessionStorage).setItem(STORED_AS, given);
      setNotice(null);
      setKey(given);
    },
    [client],
  );

  // A stored key may have been revoked since, and any answer may be the first to say so.
  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        if (event.type !== "updated" || event.action.type !== "error") return;
        const error: unknown = event.action.error;
        if (!(error instanceof ApiError)) return;
        const ofKey = error.status === 401 || (error.status === 403 && event.query.queryKey[0] === "me");
        if (ofKey) signOut(`Signed out: ${error.message}.`);
      }),
    [client, signOut],
  );

  const value = useMemo<Auth>(
    () => ({
      key,
      me: check.data ?? null,
      checking: { pending: check.isPending, error: check.error, retry: () => void check.refetch() },
      notice,
      signIn,
      signOut,
    }),
    [key, check, notice, signIn, signOut],
  );
  return <AuthContext value={value}>{children}</AuthContext>;
}

export function useAuth(): Auth {
  const auth = useContext(AuthContext);
  if (!auth) throw new Error("useAuth outside AuthProvider");
  return auth;
}

function storedKey(): string | null {
  return sessionStorage.getItem(STORED_AS) ?? localStorage.getItem(STORED_AS);
}

async function checkKey(key: string, signal?: AbortSignal): Promise<Me> {
  const me = await fetchMe(key, signal);
  if (!me.scopes.includes("read")) {
    throw new ApiError(
      403,
      `this key may not read (its scope is ${me.scopes.join(", ") || "empty"})`,
      `create one that may: modlaked keys create --tenant ${me.tenant} --scope read`,
    );
  }
  return me;
}
