//! Publishes a text, and says what is known when the answer gets lost.
//!
//! Against the sandbox, which hands out tokens by itself (`examples/README.md` shows how):
//!
//! ```sh
//! cargo run -p threads-sandbox -- --port 4010 --auto-approve
//! THREADS_BASE_URL=http://127.0.0.1:4010 THREADS_ACCESS_TOKEN=… \
//!     cargo run -p threads-examples --bin publish -- "Hello"
//! ```
//!
//! Without `THREADS_BASE_URL` this is a real post, at once and for everybody to see.
//! Scopes: `threads_basic`, `threads_content_publish`.
#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use std::env;

use anyhow::Context as _;
use threads_client::{AccessToken, Client, ContainerStatus, Draft};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let text = env::args().nth(1);
    let text = text.context("say what to publish, as in: --bin publish -- \"Hello\"")?;
    let client = client()?;

    // What Meta would certainly refuse fails here, before anything is sent.
    let draft = Draft::text(text);
    draft.validate()?;

    let error = match client.publishing().publish(draft).await {
        Ok(id) => {
            println!("published {id}");
            let post = client.posts().get(&id).await?;
            match post.permalink {
                Some(permalink) => println!("to be seen at {permalink}"),
                None => println!("Meta has not told its address yet"),
            }
            return Ok(());
        }
        Err(error) => error,
    };

    // Publishing is never repeated: the post may be live although the answer was lost.
    let Some(container) = error.container() else {
        return Err(error).context("nothing was published");
    };
    let status = client.publishing().container(container).await?.status;
    if status == ContainerStatus::Published {
        println!("published, though the answer was lost (container {container})");
        return Ok(());
    }
    let unknown = format!("not known to be published: container {container} is {status}");
    Err(error).context(unknown)
}

/// The client that the environment describes.
fn client() -> anyhow::Result<Client> {
    // `.ok()` drops the text of the error, which could quote a damaged token.
    let token = env::var("THREADS_ACCESS_TOKEN").ok();
    let token = token.context("set THREADS_ACCESS_TOKEN; examples/README.md says where from")?;
    let mut builder = Client::builder().access_token(AccessToken::new(token));
    if let Ok(base) = env::var("THREADS_BASE_URL") {
        builder = builder.base_url(base.parse().context("THREADS_BASE_URL is not a URL")?);
    }
    Ok(builder.build()?)
}
