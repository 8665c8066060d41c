use catalog::{DatabaseKind, NewDatabase, Options};
use record::time::Clock;
use tempfile::TempDir;

use super::*;

const LIMITS: AssetLimits = AssetLimits { assets: 10, database_bytes: 100, tenant_bytes: 100 };

struct Place {
    folder: TempDir,
    catalog: Catalog,
    files: AssetFiles,
    database: Database,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options::file(folder.path().join("catalog.sqlite"));
        let catalog = Catalog::open(&options, Clock::default()).await.expect("opens");
        let new = NewDatabase { name: "files".to_owned(), kind: DatabaseKind::Asset, ..NewDatabase::default() };
        let tenant = Tenant::new("acme").expect("a tenant");
        let database = catalog.create_database(&tenant, new).await.expect("made");
        let files = AssetFiles::new(folder.path(), 2);
        Self { folder, catalog, files, database }
    }

    async fn asset(&self) -> Asset {
        let Database { tenant, id, .. } = &self.database;
        match self.catalog.create_asset(tenant, *id, "x", LIMITS).await.expect("made") {
            Stored::Kept(asset) => asset,
            other => panic!("{other:?}"),
        }
    }

    async fn arrived(&self, asset: &Asset, content: &[u8]) -> Incoming {
        let mut incoming = self.files.begin(asset).await.expect("begun");
        incoming.write(content).await.expect("written");
        incoming
    }

    async fn keep(&self, asset: &Asset, content: &[u8]) -> Stored {
        let incoming = self.arrived(asset, content).await;
        self.files.keep(&self.catalog, asset, incoming, "text/plain", LIMITS).await.expect("the disk works")
    }

    fn content(&self, asset: &Asset) -> Option<Vec<u8>> {
        std::fs::read(self.files.path(asset)).ok()
    }

    /// Names of files anywhere below `assets`.
    fn names(&self) -> Vec<String> {
        let folder = self.files.of_database(&self.database.tenant, self.database.id);
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all_and_the_first_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new().await;
    let asset = place.asset().await;
    assert!(matches!(place.keep(&asset, b"first").await, Stored::Kept(_)));
    assert_eq!(place.keep(&asset, b"second").await, Stored::Taken);
    assert_eq!(place.content(&asset).as_deref(), Some(&b"first"[..]));
    let mode = std::fs::metadata(place.files.path(&asset)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(place.arrived(&asset, b"given up").await);
    assert_eq!(place.names(), [asset.id.to_string()]);

    let full = place.asset().await;
    assert_eq!(place.keep(&full, &[0; 96]).await, Stored::Full { limit: 100 });
    assert_eq!(place.names(), [asset.id.to_string()], "what there is no room for leaves nothing");
    assert!(place.files.delete(&place.catalog, &asset).await.expect("deleted"));
    assert!(matches!(place.keep(&full, &[0; 96]).await, Stored::Kept(_)));
    assert_eq!(place.keep(&asset, b"late").await, Stored::Gone);
    assert_eq!(place.names(), [full.id.to_string()]);
    assert!(place.files.delete_database(&place.catalog, &place.database).await.expect("deleted"));
    assert!(place.names().is_empty() && place.files.open(&full).await.is_err());
}

/// Many uploads of one asset at once: one is kept, and what the catalog says is so.
#[tokio::test]
async fn of_many_uploads_of_one_asset_one_is_kept() {
    let place = Place::new().await;
    let asset = place.asset().await;
    let contents: Vec<Vec<u8>> = (1..=20).map(|n| vec![n; usize::from(n)]).collect();
    let mut arrived = Vec::new();
    for content in &contents {
        arrived.push(place.arrived(&asset, content).await);
    }
    let keeping =
        arrived.into_iter().map(|incoming| place.files.keep(&place.catalog, &asset, incoming, "text/plain", LIMITS));
    let stored: Vec<_> = futures(keeping).await;
    assert_eq!(stored.iter().filter(|stored| matches!(stored, Stored::Kept(_))).count(), 1);
    let kept = place.catalog.asset(&asset.tenant, asset.database, asset.id).await.expect("read").expect("there");
    assert_eq!(place.content(&asset).expect("there").len() as u64, kept.bytes);
}

/// All of them, at the same time.
async fn futures(keeping: impl Iterator<Item = impl Future<Output = Result<Stored, AssetError>>>) -> Vec<Stored> {
    let mut waiting: Vec<_> = keeping.map(Box::pin).collect();
    let mut stored = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(outcome) => {
                stored.push(outcome.expect("the disk works"));
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    stored
}

/// A crash between the file's name and the catalog, one in the middle of an upload, and one between a deletion's two steps.
#[tokio::test]
async fn what_a_crash_leaves_is_found_again_or_goes() {
    let place = Place::new().await;
    let asset = place.asset().await;
    std::mem::forget(place.arrived(&asset, b"half").await);
    std::fs::write(place.files.path(&asset), b"not told").expect("written");
    let again = AssetFiles::new(place.folder.path(), 2);
    again.recover();
    assert_eq!(place.names(), [asset.id.to_string()], "the unfinished file is gone");
    assert!(matches!(place.keep(&asset, b"whole").await, Stored::Kept(_)));
    assert_eq!(place.content(&asset).as_deref(), Some(&b"whole"[..]));

    std::fs::remove_file(place.files.path(&asset)).expect("deleted");
    assert_eq!(again.open(&asset).await.expect_err("gone").kind(), io::ErrorKind::NotFound);
    assert!(again.delete(&place.catalog, &asset).await.expect("deleted"));
    assert!(!again.delete(&place.catalog, &asset).await.expect("nothing to do"));
}

#[tokio::test]
async fn old_assets_go_with_their_files() {
    let place = Place::new().await;
    let (old, new) = (place.asset().await, place.asset().await);
    assert!(matches!(place.keep(&old, b"old").await, Stored::Kept(_)));
    assert!(matches!(place.keep(&new, b"new").await, Stored::Kept(_)));
    let gone = place.files.expire(&place.catalog, place.database.id, new.created_at).await.expect("gone");
    assert_eq!((gone, place.names()), ((1, 3), vec![new.id.to_string()]));
    assert_eq!(place.files.expire(&place.catalog, place.database.id, new.created_at).await.expect("none"), (0, 0));
}
