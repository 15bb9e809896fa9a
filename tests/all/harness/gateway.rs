//! The host's gateway by itself, over a database of its own.

use secrecy::SecretString;
use skillet::{
    config::{Config, Model, Paid, WireFormat},
    gateway::{Answer, Gateway, GatewayError, Options, Parts, Purpose, Request, Tier},
    ids::TurnId,
    settings::Settings,
    store::{Account, ModelCallRecord},
    wake::Wake,
};
use std::sync::Arc;
use tokio::task::JoinSet;

use super::{anthropic, db::TestDb, model};

/// A gateway whose books are kept, whose small tier is one model, and which is asked for one turn.
pub struct Ground {
    db: TestDb,
    turn: TurnId,
    pub gateway: Arc<Gateway>,
    _books: JoinSet<()>,
}

/// The model, for settings.
pub fn claude(model: &anthropic::Claude) -> Model {
    Model {
        base_url: model.base_url(),
        model: anthropic::MODEL.to_owned(),
        api_key: SecretString::from(anthropic::API_KEY),
        format: WireFormat::Anthropic,
        paid: Paid::Yes,
        token_budget: 0,
        fallbacks: Vec::new(),
    }
}

/// The model, for settings.
pub fn openai(model: &model::Model) -> Model {
    Model {
        base_url: model.base_url(),
        model: model::MODEL.to_owned(),
        api_key: SecretString::from(model::API_KEY),
        format: WireFormat::OpenAi,
        paid: Paid::Auto,
        token_budget: 0,
        fallbacks: Vec::new(),
    }
}

impl Ground {
    pub async fn new(small: Model) -> Self {
        let db = TestDb::sqlite().await;
        let mut config = Config::load(None, None).unwrap();
        config.gateway.small = small;
        config.gateway.stall_timeout_s = 1;
        let settings = Settings::new((*db).clone(), db.clock.clone(), &config);
        let gateway = Arc::new(Gateway::new((*db).clone(), db.clock.clone(), settings, &config.gateway).unwrap());
        let mut books = JoinSet::new();
        let (keeper, host) = (gateway.clone(), db.host());
        books.spawn(async move { keeper.keep_books(host, Arc::new(Wake::default())).await });
        let turn = db.waiting_turn(db.person("ada").await).await;
        Self { db, turn, gateway, _books: books }
    }

    /// A question with these parts, without a stream.
    pub fn question(&self, parts: Parts, options: Options) -> Request {
        let parts = Parts { budget: 8_000, ..parts };
        Request {
            purpose: Purpose::Answer,
            tier: Tier::Small,
            prompt: parts.assemble(),
            account: Account { turn: Some(self.turn), ..Account::default() },
            options,
            max_output_tokens: Some(500),
            deadline: None,
            stream: false,
            rung: None,
        }
    }

    /// Asks, and also gives the words as they came.
    pub async fn ask(&self, request: &Request) -> (Result<Answer, GatewayError>, Vec<String>) {
        let mut words = Vec::new();
        let answer = self.gateway.complete(request, &mut |text| words.push(text.to_owned())).await;
        (answer, words)
    }

    /// All attempts, the oldest first.
    pub async fn rows(&self) -> Vec<ModelCallRecord> {
        self.gateway.flush().await;
        self.db.turn_model_calls(self.turn).await.unwrap()
    }
}
