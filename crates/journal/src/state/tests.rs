use super::*;

#[test]
fn the_line_counts_what_waits_and_knows_since_when() {
    let mut line = Line::default();
    assert_eq!((line.count(), line.oldest()), (0, None));
    line.push(1, 3, Timestamp(1_000_000));
    line.push(4, 4, Timestamp(1_050_000));
    line.push(10, 12, Timestamp(2_000_000));
    assert_eq!((line.count(), line.oldest()), (7, Some(Timestamp(1_000_000))));
    line.release(2);
    assert_eq!((line.count(), line.oldest()), (5, Some(Timestamp(1_000_000))));
    line.release(6);
    assert_eq!((line.count(), line.oldest()), (3, Some(Timestamp(2_000_000))));
    line.release(6);
    line.push(13, 13, Timestamp(3_000_000));
    line.release(12);
    assert_eq!((line.count(), line.oldest()), (1, Some(Timestamp(3_000_000))));
    line.release(99);
    assert_eq!((line.count(), line.oldest()), (0, None));
    line.push(100, 100, Timestamp(3_000_001));
    assert_eq!((line.count(), line.oldest()), (1, Some(Timestamp(3_000_001))));
}

#[test]
fn the_line_stays_small_under_many_groups() {
    let mut line = Line::default();
    for number in 1..=10_000 {
        line.push(number, number, Timestamp(i64::try_from(number).unwrap() * 1000));
    }
    assert_eq!(line.runs.len(), 1);
    assert_eq!(line.marks.len(), 100);
}
