mod agreement;
mod captures;
mod identity;
mod mapping;
mod metrics;
mod properties;
mod show;
mod support;
