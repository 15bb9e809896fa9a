//! The others: nginx, which only forwards, and two gateways that `make bench-gateway-peers` installs.

use anyhow::Result;
use std::{net::SocketAddr, path::Path, process::Command};

use crate::{
    load::Target,
    program::{Program, free_port},
};

pub const NGINX: &str = "nginx";
pub const LITELLM: &str = "LiteLLM";
pub const PORTKEY: &str = "Portkey";

/// Everything is let through at once: no buffer, no log, connections that stay open on both sides.
const NGINX_SETTINGS: &str = "daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 100000000;
    upstream model { server UPSTREAM; keepalive 256; keepalive_requests 100000000; }
    server {
        listen LISTEN;
        location / {
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
        }
    }
}
";

const LITELLM_SETTINGS: &str = "model_list:
  - model_name: small
    litellm_params:
      model: openai/mock-model
      api_base: http://UPSTREAM/v1
      api_key: any
general_settings:
  master_key: sk-of-a-bench
litellm_settings:
  telemetry: false
";

/// A peer as it runs, or why it is not measured.
pub type Peer = std::result::Result<Program, String>;

pub async fn nginx(folder: &Path, upstream: SocketAddr) -> Result<Peer> {
    if !runs("nginx", "-v") {
        return Ok(Err("it is not on this machine".to_owned()));
    }
    let listen = free_port()?;
    std::fs::write(folder.join("nginx.conf"), settings(NGINX_SETTINGS, upstream, listen))?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]).arg(folder.join("nginx.conf"));
    let target = Target::new(NGINX, listen, String::new(), "mock-model");
    Program::start(command, target, folder).await.map(Ok)
}

/// One worker, a master key, no database: so it reserves nothing and books nothing.
pub async fn litellm(folder: &Path, peers: &Path, upstream: SocketAddr) -> Result<Peer> {
    let program = peers.join("litellm/bin/litellm");
    if !program.is_file() {
        return Ok(Err("it is not installed; make bench-gateway-peers does that".to_owned()));
    }
    let listen = free_port()?;
    let file = folder.join("litellm.yaml");
    std::fs::write(&file, settings(LITELLM_SETTINGS, upstream, listen))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(file).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
    command.arg(listen.port().to_string()).env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_LOG", "ERROR");
    let headers = "authorization: Bearer sk-of-a-bench\r\n".to_owned();
    Program::start(command, Target::new(LITELLM, listen, headers, "small"), folder).await.map(Ok)
}

/// It checks no key and knows no budget; where a call goes is said by its head.
pub async fn portkey(folder: &Path, peers: &Path, upstream: SocketAddr) -> Result<Peer> {
    let program = peers.join("portkey/node_modules/@portkey-ai/gateway/build/start-server.js");
    if !program.is_file() {
        return Ok(Err("it is not installed; make bench-gateway-peers does that".to_owned()));
    }
    let listen = free_port()?;
    let mut command = Command::new("node");
    command.arg(program).arg("--headless").arg(format!("--port={}", listen.port()));
    command.env("NODE_ENV", "production");
    let headers = format!(
        "authorization: Bearer any\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: http://{upstream}/v1\r\n"
    );
    Program::start(command, Target::new(PORTKEY, listen, headers, "mock-model"), folder).await.map(Ok)
}

fn settings(text: &str, upstream: SocketAddr, listen: SocketAddr) -> String {
    text.replace("UPSTREAM", &upstream.to_string()).replace("LISTEN", &listen.to_string())
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|ran| ran.status.success())
}
