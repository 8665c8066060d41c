use super::*;

const DAY: Day = Day { year: 2026, month: 2, day: 3 };

#[test]
fn every_kind_of_file_tells_its_tenant_and_day() {
    let tenant = Tenant::new("acme").expect("valid");
    let prefix = Prefix { tenant: tenant.clone(), source: Source::Cli, kind: "build".into() };
    let kind = record::trace::CommandType::new("build").expect("valid");
    let id = record::trace::CommandId::new("c1").expect("valid");
    let object = record::trace::object_key(&tenant, Source::Cli, &kind, DAY, &id);
    for path in [data_file(&prefix, DAY), superseded(&object, &"a".repeat(64)), object] {
        assert_eq!(place(&path), Some((tenant.clone(), DAY)), "{path}");
    }
}

#[test]
fn what_lies_in_no_partition_has_no_place() {
    for path in [
        "",
        "part.parquet",
        "_delta_log/00000000000000000000.json",
        "tenant=acme/source=cli/type=build/year=2026/month=02/day=03",
        "tenant=acme/source=cli/type=build/year=2026/month=02/part.parquet",
        "tenant=acme/source=cli/type=build/year=2026/month=02/day=30/part.parquet",
        "tenant=Acme!/source=cli/type=build/year=2026/month=02/day=03/part.parquet",
    ] {
        assert_eq!(place(path), None, "{path}");
    }
}
