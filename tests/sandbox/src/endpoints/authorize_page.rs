//! The HTML of the authorization window; it needs no script.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::user::User;

/// What the page may load: its own style sheet, inline, and nothing else.
pub(super) const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// The page that asks for a decision.
pub(super) fn render<'a>(
    app: &str,
    users: impl Iterator<Item = &'a User>,
    scopes: &BTreeSet<String>,
    request: &str,
) -> String {
    let mut accounts = String::new();
    for (position, user) in users.enumerate() {
        let checked = if position == 0 { " checked" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            accounts,
            "<label class=\"choice\"><input type=\"radio\" name=\"account\" value=\"{}\"{checked}>\
             <span><bdi>{}</bdi> <small>@<bdi>{}</bdi></small></span></label>",
            user.id,
            escape(&user.name),
            escape(&user.username),
        );
    }
    let mut permissions = String::new();
    for scope in scopes {
        let _ = writeln!(
            permissions,
            "<li>{} <small><code>{}</code></small></li>",
            meaning(scope),
            escape(scope)
        );
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Allow {app}? (sandbox)</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"sandbox\" role=\"note\"><strong>This is a sandbox.</strong> It runs on this \
         computer, belongs to nobody at Meta, and its accounts are made up.</p>\n\
         <h1>Allow {app} to use an account?</h1>\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n\
         <input type=\"hidden\" name=\"request\" value=\"{request}\">\n\
         <fieldset>\n<legend>Account</legend>\n{accounts}</fieldset>\n\
         <h2>{app} asks to</h2>\n<ul>\n{permissions}</ul>\n\
         <div class=\"buttons\">\n\
         <button type=\"submit\" name=\"decision\" value=\"allow\" class=\"allow\">Allow</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\n\
         </div>\n</form>\n</main>\n</body>\n</html>\n",
        app = escape(app),
        request = escape(request),
    )
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "threads_basic" => "read the profile and the posts",
        "threads_content_publish" => "publish posts",
        "threads_manage_replies" => "reply, and manage replies",
        "threads_read_replies" => "read replies",
        "threads_manage_insights" => "read insights",
        "threads_manage_mentions" => "read mentions",
        "threads_keyword_search" => "search posts",
        "threads_delete" => "delete posts",
        "threads_location_tagging" => "search and tag locations",
        "threads_profile_discovery" => "look up public profiles",
        "threads_share_to_instagram" => "share posts to Instagram stories",
        _ => "something else",
    }
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--accent:#0b57d0;--on-accent:#fff}\
@media(prefers-color-scheme:dark){:root{--accent:#a8c7fa;--on-accent:#062e6f}}\
*{box-sizing:border-box}\
body{margin:0;font:1rem/1.5 system-ui,sans-serif;display:grid;min-height:100vh;place-items:center}\
main{width:min(28rem,100%);padding:1.5rem}\
h1{font-size:1.4rem;line-height:1.25;margin:1rem 0}\
h2{font-size:1rem;margin:1.25rem 0 .25rem}\
ul{margin:0;padding-inline-start:1.2rem}\
small{opacity:.75}\
.sandbox{border:2px dashed #b06000;border-radius:.75rem;padding:.75rem 1rem;margin:0}\
fieldset{border:1px solid var(--line);border-radius:.75rem;padding:.5rem 1rem;margin:0}\
.choice{display:flex;gap:.75rem;align-items:center;padding:.6rem 0;cursor:pointer}\
.choice input{inline-size:1.2rem;block-size:1.2rem;flex:none}\
.buttons{display:flex;gap:.75rem;margin-top:1.5rem}\
button{flex:1;font:inherit;padding:.7rem 1rem;border-radius:.75rem;border:1px solid var(--line);cursor:pointer;background:transparent;color:inherit}\
.allow{background:var(--accent);color:var(--on-accent);border-color:transparent}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_escaped() {
        assert_eq!(
            escape("<b>\"it's\" & more"),
            "&lt;b&gt;&quot;it&#39;s&quot; &amp; more"
        );
    }
}
