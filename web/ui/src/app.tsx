import { Activity, LogOut, Waves } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { lazy, Suspense } from "react";
import { Link, NavLink, Route, Routes, useLocation } from "react-router";
import { useAuth } from "./auth";
import { Failed, Loading } from "./components/states";
import { SignInPage } from "./pages/sign-in";

const OverviewPage = lazy(() => import("./pages/overview"));
const SessionsPage = lazy(() => import("./pages/sessions"));
const SessionPage = lazy(() => import("./pages/session"));
const DeploymentsPage = lazy(() => import("./pages/deployments"));
const DeploymentPage = lazy(() => import("./pages/deployment"));

export function App() {
  const { key, me, checking } = useAuth();
  if (key === null) return <SignInPage />;
  if (me === null) {
    return (
      <main className="alone">
        {checking.error ? <Failed error={checking.error} retry={checking.retry} /> : <Loading />}
      </main>
    );
  }
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <TopBar />
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route path="/" element={<OverviewPage />} />
            <Route path="/sessions" element={<SessionsPage />} />
            <Route path="/sessions/:sessionId" element={<SessionPage />} />
            <Route path="/deployments" element={<DeploymentsPage />} />
            <Route path="/deployments/:deploymentId" element={<DeploymentPage />} />
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </main>
    </>
  );
}

function TopBar() {
  const { me, signOut } = useAuth();
  const { search, pathname } = useLocation();
  // The period goes along from page to page; filters of one page do not.
  const from = new URLSearchParams(search);
  const carried = new URLSearchParams([...from].filter(([name]) => name === "days" || name === "until")).toString();
  const to = (path: string) => ({ pathname: path, search: carried });
  return (
    <header className="topbar">
      <Link className="brand" to={to("/")} aria-label="modlake, overview">
        <Waves size={18} aria-hidden />
        <span>modlake</span>
      </Link>
      <nav aria-label="Pages">
        <NavLink to={to("/")} end>
          Overview
        </NavLink>
        <NavLink to={to("/sessions")} aria-current={pathname.startsWith("/sessions") ? "page" : undefined}>
          Sessions
        </NavLink>
        <NavLink to={to("/deployments")} aria-current={pathname.startsWith("/deployments") ? "page" : undefined}>
          Deployments
        </NavLink>
      </nav>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className="button quiet account">
          <Activity size={14} aria-hidden />
          <span>{me?.tenant}</span>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
            <DropdownMenu.Label className="menu-label">
              Tenant <strong>{me?.tenant}</strong>
              <br />
              Key <code>{me?.key_id}</code>
              <br />
              May {me?.scopes.join(", ")}
            </DropdownMenu.Label>
            <DropdownMenu.Separator className="menu-line" />
            <DropdownMenu.Item className="menu-item" onSelect={() => signOut()}>
              <LogOut size={14} aria-hidden /> Sign out
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </header>
  );
}

function NotFound() {
  return (
    <section className="state">
      <h1>No such page</h1>
      <p>
        Go to the <Link to="/">overview</Link>, the <Link to="/sessions">sessions</Link> or the{" "}
        <Link to="/deployments">deployments</Link>.
      </p>
    </section>
  );
}
