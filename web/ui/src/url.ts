import { useCallback } from "react";
import { useNavigate } from "react-router";

/**
 * Changes parameters of the page's address; an empty value takes one away. Starts from the address itself, not from the
 * last render, so that two changes in quick succession both stay.
 */
export function useSetParams(): (changes: Record<string, string | null>, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (changes, { replace = false } = {}) => {
      const params = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) params.set(name, value);
        else params.delete(name);
      }
      void navigate({ search: params.toString() }, { replace, preventScrollReset: true });
    },
    [navigate],
  );
}
