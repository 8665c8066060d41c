mod captures;
mod identity;
mod mapping;
mod properties;
mod show;
mod support;
