use super::*;

#[test]
fn it_doubles_up_to_a_limit() {
    let mut pace = Pace::new(0);
    let mut full = Vec::new();
    for _ in 0..12 {
        full.push(pace.full().as_secs());
        let wait = pace.wait();
        assert!(wait >= pace.full() / 2 && wait <= pace.full(), "{wait:?}");
        pace.failed();
    }
    assert_eq!(full, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    assert_eq!(Pace::new(u32::MAX).full(), LONGEST);
}

#[test]
fn laptops_do_not_wait_alike() {
    let waits: std::collections::HashSet<Duration> = (0..20).map(|_| Pace::new(5).wait()).collect();
    assert!(waits.len() > 10);
}
