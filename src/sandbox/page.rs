//! The pages for people: the published description of the service, and the HTML form of an answer.

/// The text of the published page; `{host}` stands for the host's own name.
const PUBLISHED: &str = include_str!("page.txt");

/// The published page of the service on this host.
pub(super) fn published(host: &str) -> String {
    let text = escape(&PUBLISHED.replace("{host}", host));
    format!(
        "<!doctype html>\r\n<html lang=\"en-us\">\r\n<head><title>CustomerExtension</title></head>\r\n\
         <body><pre>\r\n{text}\r\n</pre></body>\r\n</html>\r\n"
    )
}

/// An answer as the page v3 shows in a browser: the JSON, for a script to lay out.
pub(super) fn snapshot(json: &[u8]) -> Vec<u8> {
    // A `</script>` in a text would end the script; in JSON the slash may be escaped.
    let model = String::from_utf8_lossy(json).replace("</", "<\\/");
    format!(
        "<!doctype html>\r\n<html lang=\"en-us\">\r\n<head><title>CustomerExtension Snapshot</title></head>\r\n\
         <body><pre id=\"content\"></pre>\r\n<script>\r\nvar model = {model};\r\n\
         document.getElementById('content').textContent = JSON.stringify(model, null, 2);\r\n</script></body>\r\n\
         </html>\r\n"
    )
    .into_bytes()
}

/// What a host in trouble shows instead of an answer.
pub(super) fn trouble() -> &'static str {
    "<!doctype html>\r\n<html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>\r\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_page_names_every_route_and_the_host() {
        let page = published("pbx.example.com<");
        assert_eq!(page.matches("GET/").count(), 11);
        assert!(page.contains("Host: pbx.example.com&lt;"));
    }

    #[test]
    fn a_text_cannot_end_the_script() {
        let page = String::from_utf8(snapshot(b"{\"n\":\"</script>\"}")).expect("the page is text");
        assert_eq!(page.matches("</script>").count(), 1);
    }
}
