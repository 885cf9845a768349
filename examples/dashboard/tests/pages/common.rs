//! A dashboard with its sandbox, and a browser without a screen.
#![expect(
    clippy::disallowed_methods,
    reason = "tests play a browser, which is not a client of the API"
)]

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use threads_client::{AppSecret, Client, OAuthClient, RetryPolicy, Scope, UserId};
use threads_dashboard::demo::{SandboxClock, allow};
use threads_dashboard::{Activity, App, Mode, SCOPES, Settings};
use threads_monitor::{Clock, ManualClock, Monitor, Retention, Storage};
use threads_sandbox::{AccountSeed, Sandbox};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

/// The instant at which everything stands.
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

pub(crate) struct Dashboard {
    pub(crate) url: Url,
    pub(crate) sandbox: Sandbox,
    pub(crate) monitor: Monitor,
    pub(crate) oauth: OAuthClient,
    /// The clock of the people at the browsers.
    pub(crate) clock: ManualClock,
    pub(crate) activity: watch::Sender<Activity>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> String {
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn small_account() -> AccountSeed {
    AccountSeed::new("small.cafe")
        .name("Small Café")
        .followers(240)
        .posts(3)
        .history_days(20)
}

impl Dashboard {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[small_account()], None).await
    }

    pub(crate) async fn start_with(accounts: &[AccountSeed], public_url: Option<&str>) -> Self {
        Self::start_keeping(
            Storage::in_memory(),
            accounts,
            public_url,
            Retention::default(),
            None,
        )
        .await
    }

    /// A dashboard of a machine that has this clock.
    pub(crate) async fn start_by(clock: impl Clock) -> Self {
        Self::start_keeping(
            Storage::in_memory(),
            &[small_account()],
            None,
            Retention::default(),
            Some(Arc::new(clock)),
        )
        .await
    }

    /// A dashboard that keeps a small account's numbers for so long.
    pub(crate) async fn start_small(retention: Retention) -> Self {
        Self::start_keeping(
            Storage::in_memory(),
            &[small_account()],
            None,
            retention,
            None,
        )
        .await
    }

    pub(crate) async fn start_on(
        storage: Storage,
        accounts: &[AccountSeed],
        public_url: Option<&str>,
    ) -> Self {
        Self::start_keeping(storage, accounts, public_url, Retention::default(), None).await
    }

    async fn start_keeping(
        storage: Storage,
        accounts: &[AccountSeed],
        public_url: Option<&str>,
        retention: Retention,
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let public_url = public_url.map_or_else(|| url.clone(), |url| url.parse().unwrap());
        let redirect_uri = public_url.join("oauth/callback").unwrap();
        let mut builder = Sandbox::builder()
            .start_at(NOW.parse().unwrap())
            .redirect_uri(redirect_uri.clone());
        for account in accounts {
            builder = builder.account(account.clone());
        }
        let sandbox = builder.start().await.unwrap();
        let oauth = OAuthClient::builder(
            sandbox.app_id(),
            AppSecret::new(sandbox.app_secret()),
            redirect_uri,
        )
        .base_url(sandbox.base_url())
        .authorize_base(sandbox.authorize_url())
        .build()
        .unwrap();
        let client = Client::builder()
            .base_url(sandbox.base_url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let monitor = Monitor::builder(storage)
            .client(client)
            .clock(clock.unwrap_or_else(|| Arc::new(SandboxClock::new(sandbox.clone()))))
            .retention(retention)
            .build()
            .unwrap();
        let clock = ManualClock::new(NOW.parse().unwrap());
        let (activity, watched) = watch::channel(Activity::Running);
        let app = App::new(Settings {
            monitor: monitor.clone(),
            mode: Mode::Demo,
            oauth: oauth.clone(),
            public_url,
            clock: Arc::new(clock.clone()),
            store: "the memory of this test".to_owned(),
            keys: None,
            contact: Some("privacy@example.org".to_owned()),
            activity: watched,
        })
        .unwrap();
        tokio::spawn(async move { app.serve(listener, std::future::pending()).await });
        Self {
            url,
            sandbox,
            monitor,
            oauth,
            clock,
            activity,
        }
    }

    /// A dashboard with the first account connected and collected.
    pub(crate) async fn connected() -> (Self, UserId) {
        let dashboard = Self::start().await;
        let user = dashboard.connect(0).await;
        (dashboard, user)
    }

    /// Connects an account without the pages.
    pub(crate) async fn connect(&self, index: usize) -> UserId {
        let scopes: Vec<Scope> = SCOPES.iter().map(|(scope, _)| scope.clone()).collect();
        self.connect_allowing(index, &scopes).await
    }

    /// Connects the first account, which allows only this.
    pub(crate) async fn connect_with(&self, scopes: &[Scope]) -> UserId {
        self.connect_allowing(0, scopes).await
    }

    async fn connect_allowing(&self, index: usize, scopes: &[Scope]) -> UserId {
        let id = self.sandbox.users()[index].id.clone();
        let grant = allow(&self.oauth, &id, scopes).await.unwrap();
        let account = self.monitor.connect(&grant, scopes).await.unwrap();
        self.monitor.run_due_once().await.unwrap();
        account.user
    }

    /// Lets virtual time pass in small steps, as the background loop would see it.
    pub(crate) async fn live(&self, steps: u32, step: Duration) {
        for _ in 0..steps {
            self.sandbox.advance(step);
            self.monitor.run_due_once().await.unwrap();
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let browser = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let url = Url::parse(path).unwrap_or_else(|_| self.url.join(path).unwrap());
        browser.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// A form sent by a page of the dashboard itself.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        answer(self.own_post(path).form(form)).await
    }

    pub(crate) fn own_post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .header("origin", self.url.origin().ascii_serialization())
    }

    /// Presses "Continue" on the page that connects an account.
    pub(crate) async fn start_login(&self, form: &[(&str, &str)]) -> Login {
        let sent = self.post("/connect", form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
        let cookie = sent.header(SET_COOKIE.as_str());
        let session = cookie.split(';').next().unwrap().to_owned();
        Login {
            authorize: sent.location().parse().unwrap(),
            session,
        }
    }

    /// Presses Allow or Deny in the sandbox, and says where the browser is sent back to.
    pub(crate) async fn decide(&self, login: &Login, index: usize, decision: &str) -> String {
        let page = answer(self.request(Method::GET, login.authorize.as_str())).await;
        let marker = "name=\"request\" value=\"";
        let request = page.body.split_once(marker).unwrap().1.split('"').next();
        let account = self.sandbox.users()[index].id.clone();
        let mut target = login.authorize.clone();
        target.set_query(None);
        let sent = answer(self.request(Method::POST, target.as_str()).form(&[
            ("request", request.unwrap()),
            ("account", &account),
            ("decision", decision),
        ]))
        .await;
        let mut back: Url = sent.location().parse().unwrap();
        // Browsers keep the fragment to themselves.
        back.set_fragment(None);
        back.to_string()
    }

    /// Comes back with the cookie of a session.
    pub(crate) async fn come_back(&self, address: &str, session: Option<&str>) -> Answer {
        let mut request = self.request(Method::GET, address);
        if let Some(session) = session {
            request = request.header(COOKIE, session);
        }
        answer(request).await
    }
}

/// A login that has been started.
pub(crate) struct Login {
    pub(crate) authorize: Url,
    pub(crate) session: String,
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
