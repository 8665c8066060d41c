/**
 * The SQL statements of the pages on deployments, with the type of their rows.
 *
 * What counts as engagement, which errors are one group and who is a person stand in the views `deployment_engagement`,
 * `deployment_errors` and `deployment_users`. Errors that were cleared are left out everywhere.
 */
import type { Statement } from "./api";
import { bucketUnit, type Range } from "./range";

const within = (column: string, from = "$1", to = "$2") =>
  `${column} >= cast(${from} as timestamp with time zone) and ${column} < cast(${to} as timestamp with time zone)`;

/** Events and errors one below the other: who, which version, how many, and when last. */
function activity(where: { engagement: string; errors: string }): string {
  return `
select deployment_id, mod_id, mod_version, person, events, held_back, 0 as errors, last_at
from deployment_engagement where ${where.engagement}
union all
select deployment_id, mod_id, mod_version, person, 0 as events, 0 as held_back, 1 as errors, event_time as last_at
from deployment_errors where not is_cleared and ${where.errors}`;
}

export interface Deployment {
  deployment_id: string;
  mod_id: string | null;
  /** All that were seen in the period, in no order. */
  versions: string[] | null;
  people: number;
  events: number;
  errors: number;
  last_at: string;
}

/** Deployments of which the period has an event, an error that was not cleared, or somebody's latest sign of life. */
export function deployments(range: Range): Statement<Deployment> {
  return {
    query: `
select deployment_id,
       max(mod_id) as mod_id,
       array_agg(distinct mod_version) filter (where mod_version is not null) as versions,
       count(distinct person) as people,
       sum(events) as events,
       sum(errors) as errors,
       max(last_at) as last_at
from (${activity({ engagement: within("hour"), errors: within("event_time") })}
union all
select deployment_id, mod_id, mod_version, cast(null as varchar) as person, 0 as events, 0 as held_back, 0 as errors,
       last_seen_at as last_at
from deployment_users where ${within("last_seen_at")}
) as activity
group by deployment_id
order by last_at desc, deployment_id
limit 1000`,
    params: [range.from, range.to],
  };
}

export interface DeploymentExtent {
  last_at: string | null;
}

/** When a deployment was last seen, or any; null where it never was. */
export function deploymentExtent(deploymentId: string | null): Statement<DeploymentExtent> {
  return {
    query: `select max(last_seen_at) as last_at from deployment_users${deploymentId === null ? "" : "\nwhere deployment_id = $1"}`,
    params: deploymentId === null ? [] : [deploymentId],
  };
}

export interface DeploymentHead {
  mod_id: string | null;
  versions: string[] | null;
  last_at: string;
  cleared_at: string | null;
}

/** What is known of a deployment whatever the period; no row where it was never seen. */
export function deploymentHead(deploymentId: string): Statement<DeploymentHead> {
  return {
    query: `
select max(u.mod_id) as mod_id,
       array_agg(distinct u.mod_version) filter (where u.mod_version is not null) as versions,
       max(u.last_seen_at) as last_at,
       max(c.cleared_at) as cleared_at
from deployment_clearings c
right join deployment_users u on c.deployment_id = u.deployment_id
where u.deployment_id = $1
group by u.deployment_id`,
    params: [deploymentId],
  };
}

export interface DeploymentTotals {
  people: number;
  events: number;
  errors: number;
  held_back: number;
}

/** One row, whatever the period holds. */
export function deploymentTotals(range: Range, deploymentId: string): Statement<DeploymentTotals> {
  return {
    query: `
select count(distinct person) as people,
       coalesce(sum(events), 0) as events,
       coalesce(sum(errors), 0) as errors,
       coalesce(sum(held_back), 0) as held_back
from (${activity(ofDeployment)}
) as activity`,
    params: [range.from, range.to, deploymentId],
  };
}

const ofDeployment = {
  engagement: `deployment_id = $3 and ${within("hour")}`,
  errors: `deployment_id = $3 and ${within("event_time")}`,
};

export interface EventBucket {
  bucket: string;
  event_name: string | null;
  events: number;
}

export function eventBuckets(range: Range, deploymentId: string): Statement<EventBucket> {
  return {
    query: `
select date_trunc('${bucketUnit(range)}', hour) as bucket, event_name, sum(events) as events
from deployment_engagement
where ${ofDeployment.engagement}
group by 1, 2
order by 1, 2`,
    params: [range.from, range.to, deploymentId],
  };
}

export interface PeopleBucket {
  bucket: string;
  people: number;
}

export function peopleBuckets(range: Range, deploymentId: string): Statement<PeopleBucket> {
  return {
    query: `
select date_trunc('${bucketUnit(range)}', hour) as bucket, count(distinct person) as people
from deployment_engagement
where ${ofDeployment.engagement}
group by 1
order by 1`,
    params: [range.from, range.to, deploymentId],
  };
}

export interface PersonUse {
  person: string | null;
  events: number;
  /** Days with an event. */
  days: number;
  last_at: string;
}

export function byPerson(range: Range, deploymentId: string): Statement<PersonUse> {
  return {
    query: `
select person, sum(events) as events, count(distinct day) as days, max(last_at) as last_at
from deployment_engagement
where ${ofDeployment.engagement}
group by person
order by events desc, person
limit 500`,
    params: [range.from, range.to, deploymentId],
  };
}

export interface EventUse {
  event_name: string | null;
  label: string | null;
  people: number;
  events: number;
  held_back: number;
}

export function byEvent(range: Range, deploymentId: string): Statement<EventUse> {
  return {
    query: `
select event_name, label, count(distinct person) as people, sum(events) as events, sum(held_back) as held_back
from deployment_engagement
where ${ofDeployment.engagement}
group by event_name, label
order by events desc, event_name, label
limit 500`,
    params: [range.from, range.to, deploymentId],
  };
}

export interface VersionUse {
  version: string | null;
  people: number;
  events: number;
  errors: number;
  last_at: string;
}

export function byVersion(range: Range, deploymentId: string): Statement<VersionUse> {
  return {
    query: `
select mod_version as version, count(distinct person) as people, sum(events) as events, sum(errors) as errors,
       max(last_at) as last_at
from (${activity(ofDeployment)}
) as activity
group by mod_version
order by last_at desc
limit 200`,
    params: [range.from, range.to, deploymentId],
  };
}

export interface ErrorGroup {
  group_id: string;
  message: string | null;
  class_name: string | null;
  label: string | null;
  step_label: string | null;
  version: string | null;
  client_version: string | null;
  request_url: string | null;
  /** False where the author of the mod can mend it. */
  is_application_error: boolean | null;
  occurrences: number;
  people: number;
  first_at: string;
  last_at: string;
}

const GROUP = `
select group_id,
       max(message) as message, max(class_name) as class_name, max(label) as label, max(step_label) as step_label,
       max(mod_version) as version, max(client_version) as client_version, max(request_url) as request_url,
       bool_or(is_application_error) as is_application_error,
       count(*) as occurrences, count(distinct person) as people, min(event_time) as first_at, max(event_time) as last_at
from deployment_errors`;

export const GROUP_LIMIT = 500;

export function errorGroups(range: Range, deploymentId: string): Statement<ErrorGroup> {
  return {
    query: `${GROUP}
where not is_cleared and ${ofDeployment.errors}
group by group_id
order by last_at desc, group_id
limit ${GROUP_LIMIT}`,
    params: [range.from, range.to, deploymentId],
  };
}

/** One group in the period, cleared or not: an address of it may be older than the clearing. */
export function errorGroup(range: Range, deploymentId: string, groupId: string): Statement<ErrorGroup> {
  return {
    query: `${GROUP}\nwhere ${ofDeployment.errors} and group_id = $4\ngroup by group_id`,
    params: [range.from, range.to, deploymentId, groupId],
  };
}

export interface Occurrence {
  error_id: string;
  event_time: string;
  person: string | null;
  platform: string | null;
}

export const OCCURRENCE_LIMIT = 100;

/** The latest of a group. */
export function occurrences(range: Range, deploymentId: string, groupId: string): Statement<Occurrence> {
  return {
    query: `
select error_id, event_time, person, platform
from deployment_errors
where ${ofDeployment.errors} and group_id = $4
order by event_time desc, error_id
limit ${OCCURRENCE_LIMIT}`,
    params: [range.from, range.to, deploymentId, groupId],
  };
}

/** Every column of an error, whatever columns there are. */
export function fullError(
  deploymentId: string,
  errorId: string,
): Statement<Record<string, string | number | boolean | null>> {
  return {
    query: "select * from product_errors where deployment_id = $1 and error_id = $2 limit 1",
    params: [deploymentId, errorId],
  };
}
