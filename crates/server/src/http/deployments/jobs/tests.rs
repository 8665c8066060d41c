use super::super::reports::Counted;
use super::*;

fn order(tenant: &str, deployment: &str, days: u32) -> Order {
    Order { tenant: Tenant::new(tenant).expect("valid"), deployment: deployment.to_owned(), days }
}

fn begin(jobs: &ReportJobs, order: &Order) -> String {
    match jobs.begin(order, 10) {
        Begun::Now(id) => id,
        Begun::Before(id) => panic!("{id} is at it already"),
    }
}

fn report(rows: usize) -> Report {
    let row = || Counted::of("ada@example.com", "2026-11-21", 1);
    Report::of(std::iter::repeat_with(row).take(rows).collect())
}

#[test]
fn one_job_at_a_time_makes_a_report() {
    let jobs = ReportJobs::default();
    let first = begin(&jobs, &order("acme", "d1", 30));
    assert_eq!(jobs.begin(&order("acme", "d1", 30), 10), Begun::Before(first.clone()));
    for other in [order("acme", "d1", 7), order("acme", "d2", 30), order("other", "d1", 30)] {
        assert_ne!(begin(&jobs, &other), first);
    }
    jobs.end(&first, Some(report(1)), 1 << 20);
    assert_ne!(begin(&jobs, &order("acme", "d1", 30)), first, "one that has ended is not in progress");
}

#[test]
fn a_job_is_known_to_its_tenant_and_deployment() {
    let jobs = ReportJobs::default();
    let id = begin(&jobs, &order("acme", "d1", 30));
    assert_eq!(jobs.find(&id, &order("acme", "d1", 7)).map(|job| job.status), Some(Status::Started));
    assert!(jobs.find(&id, &order("other", "d1", 30)).is_none());
    assert!(jobs.find(&id, &order("acme", "d2", 30)).is_none());
    jobs.end(&id, None, 1 << 20);
    let job = jobs.find(&id, &order("acme", "d1", 30)).expect("known");
    assert!(job.status == Status::Failure && job.report.is_none());
}

#[test]
fn what_jobs_made_is_bounded_and_the_oldest_goes() {
    let jobs = ReportJobs::default();
    let room = 2 * report(5).bytes();
    let made: Vec<String> = (1..=4)
        .map(|days| {
            let id = begin(&jobs, &order("acme", "d1", days));
            jobs.end(&id, Some(report(5)), room);
            id
        })
        .collect();
    let kept = |id: &String| jobs.find(id, &order("acme", "d1", 1)).is_some_and(|job| job.report.is_some());
    assert_eq!(made.iter().map(kept).collect::<Vec<_>>(), [false, false, true, true]);
    for days in 5..30 {
        let id = begin(&jobs, &order("acme", "d1", days));
        jobs.end(&id, None, room);
    }
    assert!(jobs.jobs().len() <= 10);
}
