//! Images for vision models.

use crate::harness::{airx, file, folder};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn dry(folder: &tempfile::TempDir, args: &[&str], stdin: &[u8]) -> crate::harness::Ran {
    airx(["chat", "--dry-run", "-m", "glm-4.6v"].iter().chain(args))
        .nowhere()
        .within(folder.path())
        .stdin(stdin)
        .run()
}

fn body(parts: &str) -> String {
    format!(
        "{{\"model\":\"glm-4.6v\",\"messages\":[{{\"role\":\"user\",\"content\":[{parts}]}}],\"stream\":false}}\n"
    )
}

fn image(url: &str) -> String {
    format!("{{\"type\":\"image_url\",\"image_url\":{{\"url\":\"{url}\"}}}}")
}

const PNG_URL: &str = "data:image/png;base64,iVBORw0KGgpyZXN0";
const SEE: &str = r#"{"type":"text","text":"see"}"#;

#[test]
fn a_file_becomes_a_data_url_by_its_bytes_and_not_its_name() {
    let folder = folder();
    file(&folder, "photo.txt", PNG);
    let sent = body(&format!("{SEE},{}", image(PNG_URL)));
    dry(&folder, &["see", "-i", "photo.txt"], b"").is(0, &sent, "");
}

#[test]
fn urls_are_sent_as_they_are_and_images_keep_their_order() {
    let folder = folder();
    file(&folder, "a.png", PNG);
    let args = [
        "-i",
        "https://x.test/a?b=1",
        "see",
        "-i",
        "a.png",
        "-i",
        "data:image/gif;base64,AA",
    ];
    let images = [
        image("https://x.test/a?b=1"),
        image(PNG_URL),
        image("data:image/gif;base64,AA"),
    ];
    dry(&folder, &args, b"").is(0, &body(&format!("{SEE},{}", images.join(","))), "");
}

#[test]
fn an_image_comes_from_standard_input_by_a_dash() {
    let folder = folder();
    let sent = body(&format!("{SEE},{}", image(PNG_URL)));
    dry(&folder, &["see", "-i", "-"], PNG).is(0, &sent, "");
}

#[test]
fn an_image_needs_no_text() {
    let folder = folder();
    dry(&folder, &["-n", "-i", "https://x.test/a"], b"").is(
        0,
        &body(&image("https://x.test/a")),
        "",
    );
    dry(&folder, &["-i", "-"], PNG).is(0, &body(&image(PNG_URL)), "");
}

#[test]
fn what_is_no_image_is_refused() {
    let folder = folder();
    file(&folder, "a.svg", "<svg/>");
    file(&folder, "none.png", "");
    let hint = "hint: -i takes an image file, an http(s) or data URL, or `-`; text goes with -f\n";
    let svg = format!("airx: usage: a.svg is not a PNG, JPEG, GIF, WebP or BMP image\n{hint}");
    dry(&folder, &["see", "-i", "a.svg"], b"").is(2, "", &svg);
    let none = format!("airx: usage: none.png is empty\n{hint}");
    dry(&folder, &["see", "-i", "none.png"], b"").is(2, "", &none);
    dry(&folder, &["see", "-i", "no.png"], b"").is(
        2,
        "",
        "airx: usage: no.png cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder\n",
    );
}

#[test]
fn a_model_that_takes_text_only_is_reported() {
    airx(["chat", "see", "-i", "https://x.test/a"]).nowhere().run().is(
        2,
        "",
        "airx: usage: --image: glm-4-airx takes text only\nhint: choose a vision model with -m: airx models\n",
    );
}
