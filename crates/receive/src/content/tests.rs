use super::*;

#[test]
fn content_types() {
    for header in
        ["application/x-protobuf", "application/protobuf", "Application/X-Protobuf", " application/x-protobuf ;v=1"]
    {
        assert_eq!(ContentType::parse(header), Some(ContentType::Protobuf), "{header}");
    }
    for header in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8"] {
        assert_eq!(ContentType::parse(header), Some(ContentType::Json), "{header}");
    }
    for header in ["", "text/plain", "application/jsonl", "application/x-protobuf2", "application/grpc", "json"] {
        assert_eq!(ContentType::parse(header), None, "{header}");
    }
}

#[test]
fn content_encodings() {
    for (header, encoding) in [
        ("", ContentEncoding::Identity),
        ("identity", ContentEncoding::Identity),
        ("GZIP", ContentEncoding::Gzip),
        ("x-gzip", ContentEncoding::Gzip),
        ("gzip, identity", ContentEncoding::Gzip),
        (" identity , deflate", ContentEncoding::Deflate),
        ("zstd", ContentEncoding::Zstd),
    ] {
        assert_eq!(ContentEncoding::parse(header), Ok(encoding), "{header}");
    }
    for header in ["br", "gzip, br", "gzip, gzip", "deflate, zstd", "compress", "snappy"] {
        assert_eq!(ContentEncoding::parse(header), Err(UnsupportedEncoding), "{header}");
    }
    let message = UnsupportedEncoding.to_string();
    for encoding in ["identity", "gzip", "deflate", "zstd"] {
        assert!(message.contains(encoding), "{message}");
    }
}
