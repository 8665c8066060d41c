//! The look-up that every request pays: a known key, and a wrong one, among 1,000 keys.

use std::hint::black_box;

use catalog::{Catalog, NewKey, Options};
use criterion::{Criterion, criterion_group, criterion_main};
use record::caller::{Scopes, Tenant};
use record::time::Clock;

fn find(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let (catalog, key) = runtime.block_on(async {
        let catalog =
            Catalog::open(&Options::file(folder.path().join("catalog.db")), Clock::System).await.expect("a catalog");
        let tenant = Tenant::new("acme").expect("a tenant");
        let new = NewKey { tenant, scopes: Scopes::ALL, name: None, origins: Vec::new() };
        let mut key = catalog.create_key(new.clone()).await.expect("a key").key;
        for _ in 1..1_000 {
            key = catalog.create_key(new.clone()).await.expect("a key").key;
        }
        (catalog, key)
    });
    let wrong = "ml_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(catalog.find(key.reveal()).is_some() && catalog.find(wrong).is_none());
    criterion.bench_function("find/known", |bench| bench.iter(|| catalog.find(black_box(key.reveal()))));
    criterion.bench_function("find/wrong", |bench| bench.iter(|| catalog.find(black_box(wrong))));
}

criterion_group!(benches, find);
criterion_main!(benches);
