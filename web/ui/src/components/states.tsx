import { AlertTriangle, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api";

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <div className="state" role="status">
      <span className="spinner" aria-hidden />
      <span className="muted">{label}…</span>
    </div>
  );
}

export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div className="state failed" role="alert">
      <AlertTriangle size={18} aria-hidden />
      <div>
        <p>
          <strong>This could not be loaded:</strong> {error.message}
        </p>
        {error instanceof ApiError && error.hint ? <p className="muted">{error.hint}</p> : null}
      </div>
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          <RotateCw size={14} aria-hidden /> Try again
        </button>
      ) : null}
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="state muted">{children}</div>;
}

interface Answer<Row> {
  data: Row[] | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** The rows when they are there, otherwise why not. */
export function Rows<Row>({ answer, children }: { answer: Answer<Row>; children: (rows: Row[]) => ReactNode }) {
  if (answer.data) return children(answer.data);
  if (answer.error) return <Failed error={answer.error} retry={() => void answer.refetch()} />;
  return <Loading />;
}
