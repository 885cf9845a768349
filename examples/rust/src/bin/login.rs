//! Logs an account in and hands its long-lived token to the store of a monitor.
//!
//! The token is not printed. It goes to `THREADS_STORE` (default `file:./threads-data-examples`,
//! readable by its owner only), where the `monitor` example finds it.
//!
//! Against the sandbox:
//!
//! ```sh
//! cargo run -p threads-sandbox -- --port 4010 --auto-approve
//! THREADS_BASE_URL=http://127.0.0.1:4010 THREADS_APP_ID=100200300400500 \
//!     THREADS_APP_SECRET=sandbox-app-secret cargo run -p threads-examples --bin login
//! ```
//!
//! With Meta leave `THREADS_BASE_URL` out and set `THREADS_REDIRECT_URI` to one of the
//! redirect callback URLs of your app, exactly as registered.
#![expect(clippy::print_stdout, reason = "an example talks with its user")]

use std::{env, io};

use anyhow::Context as _;
use threads_client::{AppSecret, AuthorizationResponse, Client, OAuthClient, Scope};
use threads_monitor::{Monitor, Storage};
use url::Url;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let base = match env::var("THREADS_BASE_URL") {
        Ok(base) => Some(Url::parse(&base).context("THREADS_BASE_URL is not a URL")?),
        Err(_) => None,
    };
    let app_id = env::var("THREADS_APP_ID").context("set THREADS_APP_ID")?;
    // `.ok()` drops the text of the error, which could quote a damaged secret.
    let secret = env::var("THREADS_APP_SECRET").ok();
    let secret = AppSecret::new(secret.context("set THREADS_APP_SECRET")?);
    let redirect = env::var("THREADS_REDIRECT_URI");
    let redirect = redirect.unwrap_or_else(|_| "https://app.example/callback".to_owned());
    let redirect = Url::parse(&redirect).context("THREADS_REDIRECT_URI is not a URL")?;
    let store =
        env::var("THREADS_STORE").unwrap_or_else(|_| "file:./threads-data-examples".to_owned());

    let mut oauth = OAuthClient::builder(app_id, secret, redirect);
    let mut client = Client::builder();
    if let Some(base) = base {
        oauth = oauth.authorize_base(base.join("oauth/authorize")?);
        oauth = oauth.base_url(base.clone());
        client = client.base_url(base);
    }
    let oauth = oauth.build()?;
    let storage = Storage::open(&store).await?;
    let monitor = Monitor::builder(storage).client(client.build()?).build()?;

    let scopes = [Scope::Basic, Scope::ManageInsights, Scope::ContentPublish];
    let (authorize, state) = oauth.authorize_url(&scopes)?;
    println!("Open this address and allow the access:\n{authorize}");
    println!("Then paste the address you were sent to, even if that page does not load:");
    let pasted = io::stdin().lines().next().context("nothing was pasted")??;
    let pasted = Url::parse(pasted.trim())
        .ok()
        .context("that is not an address")?;

    // The state proves that this redirect answers the address above and no other.
    let code = AuthorizationResponse::from_url(&pasted)?.code_for(&state)?;
    let short_lived = oauth.exchange_code(&code).await?;
    let grant = oauth.exchange_long_lived(&short_lived.access_token).await?;
    let account = monitor.connect(&grant, &scopes).await?;

    let (name, until) = (account.handle(), account.token.expires_at);
    println!("connected {name}; its token is in {store} and lives until {until}");
    Ok(())
}
