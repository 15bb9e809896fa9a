//! The pages, as a browser without scripts has them.

use regex::Regex;
use reqwest::{Client, Method, StatusCode, header, redirect::Policy};

use super::host::Host;

/// Somebody at a browser: keeps cookies, follows no redirect, sends the token that the last page had.
pub struct Browser<'a> {
    host: &'a Host,
    client: Client,
    cookies: Vec<(String, String)>,
    /// The token that forms are sent with.
    pub csrf: String,
    /// What it asks for pages in.
    pub language: &'static str,
}

impl<'a> Browser<'a> {
    /// The owner, logged in.
    pub async fn owner(host: &'a Host) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let mut browser = Self { host, client, cookies: Vec::new(), csrf: String::new(), language: "en" };
        browser.page("/setup").await;
        let code = host.first_run_code().await;
        let (status, _) = browser
            .send("/setup", &format!("code={code}&name=Ada&password=battery-horse&repeated=battery-horse"))
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        browser
    }

    /// A page that is there.
    pub async fn page(&mut self, path: &str) -> String {
        let (status, text) = self.request(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        if let Some(found) = Regex::new("name=\"csrf\" value=\"([0-9a-f]+)\"").unwrap().captures(&text) {
            found[1].clone_into(&mut self.csrf);
        }
        text
    }

    /// A form of the last page.
    pub async fn send(&mut self, path: &str, form: &str) -> (StatusCode, String) {
        let form = format!("csrf={}&{form}", self.csrf);
        self.request(Method::POST, path, Some(form)).await
    }

    pub async fn request(&mut self, method: Method, path: &str, form: Option<String>) -> (StatusCode, String) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, format!("{}{path}", self.host.url()));
        let request = request.header(header::COOKIE, cookies.join("; ")).header(header::ACCEPT_LANGUAGE, self.language);
        let request = match form {
            Some(form) => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form),
            None => request,
        };
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        (answer.status(), answer.text().await.unwrap())
    }
}
