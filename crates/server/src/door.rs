//! What the doors of telemetry, HTTP and gRPC, do alike: who is it, is there room, is it too much, and what is left of a refusal.

use std::sync::Arc;

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use record::caller::{Caller, Scope};
use record::source::{Provider, Signal};

use crate::authenticate::{Denied, authenticate};
use crate::flow::accept::{Refused, keep_refusal};
use crate::house::House;
use crate::http::error::Fault;
use crate::pressure::{Pressure, Sender, Transport};

/// What is known of a request before its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) transport: Transport,
    /// What the route says; `None`: found from the body.
    pub(crate) provider: Option<Provider>,
    pub(crate) signal: Signal,
    pub(crate) sender: Sender,
}

impl Door {
    pub(crate) fn new(transport: Transport, provider: Option<Provider>, signal: Signal, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { transport, provider, signal, sender: Sender::of(transport, provider, user_agent) }
    }

    /// Who sends this, if the key may, there is room, and it has not sent too much. Called before the body is read.
    pub(crate) async fn admit(self, house: &House, headers: &HeaderMap) -> Result<Arc<Caller>, Fault> {
        let caller = match authenticate(&house.catalog, headers, Scope::Ingest).await {
            Ok(caller) => caller,
            Err(denied) => {
                let fault = Fault::from(&denied);
                if let Denied::Scope { caller, .. } | Denied::Origin { caller } = &denied {
                    self.keep(house, caller, &fault, 0).await;
                }
                return Err(fault);
            }
        };
        if Pressure::of(house).sheds(self.sender, self.signal) {
            house.metrics.shed(house, self);
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "the server is near its limits, send it again"));
        }
        if let Err(throttled) = house.throttle.key(&caller) {
            let fault = Fault::from(&throttled);
            house.metrics.throttled(self.transport, &throttled);
            // a flood must not fill the journal with rows of its refusals
            if throttled.is_first {
                self.keep(house, &caller, &fault, 0).await;
            }
            return Err(fault);
        }
        Ok(caller)
    }

    /// Ends a request that was let in: a refusal leaves a row, or counts as shed. `outcome` is what was taken, or why not and how many
    /// bytes came.
    pub(crate) async fn settle<T>(
        self,
        house: &House,
        caller: &Caller,
        outcome: Result<T, (Fault, u64)>,
    ) -> Result<T, Fault> {
        let (fault, bytes) = match outcome {
            Ok(taken) => return Ok(taken),
            Err(refused) => refused,
        };
        if fault.status == StatusCode::SERVICE_UNAVAILABLE {
            house.metrics.shed(house, self);
        } else {
            self.keep(house, caller, &fault, bytes).await;
        }
        Err(fault)
    }

    async fn keep(self, house: &House, caller: &Caller, fault: &Fault, bytes: u64) {
        let refused = Refused {
            provider: self.provider,
            signal: self.signal,
            status: fault.status.as_u16(),
            reason: &fault.message,
            bytes,
        };
        keep_refusal(house, caller, refused).await;
    }
}
