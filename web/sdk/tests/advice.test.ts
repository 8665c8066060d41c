import { expect, it } from "vitest";
import { advisor as advising } from "../src/advice";

/** What is said of each event. */
function advisor() {
  const said: string[] = [];
  const advise = advising((advice) => said.push(advice));
  return (name: string, data: object) => {
    advise(name, data);
    return said.splice(0);
  };
}

it.each([
  ["Case Opened", "Case Closed"],
  ["case_opened", "case_closed_again"],
  ["caseOpened", "caseClosed"],
  ["case.opened", "case.closed"],
  ["Open", "Case Closed"],
  ["click", "case_closed"],
])("has nothing to say of %s and %s", (first, second) => {
  const advise = advisor();
  expect([advise(first, {}), advise(second, { words_saved: 3, minutes: 2 })]).toEqual([[], []]);
});

it.each([
  ["Case Opened", "case_closed"],
  ["case_opened", "case-closed"],
  ["caseOpened", "CaseClosed"],
  ["Case Opened", "Case closed"],
])("says that %s and %s are written in two ways", (first, second) => {
  const advise = advisor();
  expect(advise(first, {})).toEqual([]);
  expect(advise(second, {})).toEqual([expect.stringContaining(`event ${second} is not written like`)]);
});

it("says it of attributes too", () => {
  const advise = advisor();
  expect(advise("A", { words_saved: 1, minutesSaved: 2 })).toEqual([expect.stringContaining("attribute minutesSaved")]);
});

it.each(["email", "userEmail", "phone", "first_name", "full_name", "password", "home_address"])(
  "warns of %s",
  (attribute) => {
    expect(advisor()("A", { [attribute]: 1 }).join()).toContain("may be personal");
  },
);

it.each(["", "x".repeat(256), "Case 123456", "opened by ann@example.com"])("wants names of %j", (name) => {
  expect(advisor()(name, {}).join()).toContain("has 1 to 255 characters");
});

it("says it once for each name", () => {
  const advise = advisor();
  expect(advise("Case 123456", {})).toHaveLength(1);
  expect(advise("Case 123456", { email: 1 })).toEqual([]);
});
