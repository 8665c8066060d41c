import { Check, Waves } from "lucide-react";
import { Checkbox, Label } from "radix-ui";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api";
import { useAuth } from "../auth";

export function SignInPage() {
  const { signIn, notice } = useAuth();
  const [key, setKey] = useState("");
  const [remember, setRemember] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(key.trim(), remember);
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)));
      setBusy(false);
    }
  };

  return (
    <main className="alone">
      <form className="panel sign-in" onSubmit={(event) => void submit(event)}>
        <h1>
          <Waves size={22} aria-hidden /> modlake
        </h1>
        {notice && !error ? <p className="notice">{notice}</p> : null}
        {/* Password managers keep a key under a name. */}
        <input type="text" autoComplete="username" value="modlake" readOnly hidden />
        <Label.Root htmlFor="key">Key</Label.Root>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the page has this one field
          autoFocus
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
          aria-invalid={error !== null}
          aria-describedby={error ? "key-error" : "key-help"}
        />
        {error ? (
          <div id="key-error" className="field-error" role="alert">
            <p>{explain(error)}</p>
            {error.hint ? <p>{error.hint}</p> : null}
          </div>
        ) : (
          <p id="key-help" className="muted">
            A key with scope <code>read</code>. The server prints its first one when it starts for the first time.
          </p>
        )}
        <div className="check">
          <Checkbox.Root
            id="remember"
            className="checkbox"
            checked={remember}
            onCheckedChange={(checked) => setRemember(checked === true)}
          >
            <Checkbox.Indicator>
              <Check size={12} aria-hidden />
            </Checkbox.Indicator>
          </Checkbox.Root>
          <Label.Root htmlFor="remember">Remember on this computer</Label.Root>
        </div>
        <button type="submit" className="button primary" disabled={busy || key.trim() === ""}>
          {busy ? "Checking…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

function explain(error: ApiError): string {
  if (error.status === 401) return "The server does not know this key.";
  if (error.status === 403) return `This key cannot be used here: ${error.message}.`;
  return `The key could not be checked: ${error.message}.`;
}
