import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { AlertDialog } from "radix-ui";
import { useState } from "react";
import { ApiError, clearErrors } from "../../api";
import { useAuth } from "../../auth";

/** For keys with scope admin, after a question: everybody's list of errors begins anew. */
export function ClearErrors({ deploymentId }: { deploymentId: string }) {
  const { key } = useAuth();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const clearing = useMutation({
    mutationFn: () => clearErrors(key ?? "", deploymentId),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["sql"] });
      setOpen(false);
    },
  });
  const change = (next: boolean) => {
    clearing.reset();
    setOpen(next);
  };
  return (
    <AlertDialog.Root open={open} onOpenChange={change}>
      <AlertDialog.Trigger className="button">
        <Trash2 size={14} aria-hidden /> Clear errors
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog">
          <AlertDialog.Title asChild>
            <h2>Clear the errors of this deployment?</h2>
          </AlertDialog.Title>
          <AlertDialog.Description>
            Groups begin anew from now on, for everybody of the tenant. What was received stays in the table{" "}
            <code>product_errors</code>.
          </AlertDialog.Description>
          {clearing.error ? (
            <p className="field-error" role="alert">
              They could not be cleared: {clearing.error.message}
              {clearing.error instanceof ApiError && clearing.error.hint ? `; ${clearing.error.hint}` : ""}
            </p>
          ) : null}
          <div className="dialog-actions">
            <AlertDialog.Cancel className="button">Keep them</AlertDialog.Cancel>
            <button
              type="button"
              className="button danger"
              disabled={clearing.isPending}
              onClick={() => clearing.mutate()}
            >
              {clearing.isPending ? "Clearing…" : "Clear errors"}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
