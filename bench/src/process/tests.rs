use super::*;

#[test]
fn cpu_time_is_user_plus_system() {
    let stat = "42 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 100 1000 20";
    assert_eq!(parse_cpu(stat), Some(Duration::from_secs(3)));
    assert_eq!(parse_cpu("42 (cut) S 1"), None);
}

#[test]
fn memory_is_in_bytes() {
    let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
    assert_eq!(memory(status, "VmRSS:"), Some(1 << 20));
    assert_eq!(memory(status, "VmHWM:"), Some(2 << 20));
    assert_eq!(memory(status, "VmSwap:"), None);
}

#[test]
fn this_process_uses_memory() {
    let usage = usage(None).unwrap();
    assert!(usage.resident_bytes > 0 && usage.peak_bytes >= usage.resident_bytes);
}
