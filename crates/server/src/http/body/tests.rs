use super::*;

const LONG: Duration = Duration::from_mins(1);

fn share(room: &Arc<Semaphore>) -> Share {
    Share { room: Arc::clone(room), taken: None }
}

#[tokio::test]
async fn a_body_waits_for_memory_that_others_give_back() {
    let room = Arc::new(Semaphore::new(10));
    let (mut first, mut second) = (share(&room), share(&room));
    assert!(first.add(8, LONG).await && second.add(2, LONG).await);
    let waiting = tokio::spawn(async move { second.add(5, LONG).await.then_some(second) });
    drop(first);
    let second = waiting.await.expect("ends").expect("the memory of the first");
    assert_eq!(room.available_permits(), 3);
    drop(second);
    assert_eq!(room.available_permits(), 10);
}

#[tokio::test]
async fn patience_ends_and_gives_everything_back() {
    let room = Arc::new(Semaphore::new(10));
    let (mut first, mut second) = (share(&room), share(&room));
    assert!(first.add(8, LONG).await && second.add(1, LONG).await);
    assert!(!second.add(5, Duration::ZERO).await);
    drop((first, second));
    assert_eq!(room.available_permits(), 10);
    assert!(!share(&room).add(11, Duration::ZERO).await, "more than there is");
}
