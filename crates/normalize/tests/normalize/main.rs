mod captures;
mod history;
mod identity;
mod mapping;
mod properties;
mod show;
mod support;
