//! Stores files at once, as futures, and tells what became of each: a start for a program that has a runtime of its own.
//!
//! usage: together STORE FILE...        STORE is a directory

use filestore::{Call, FileId, Options, Service, UploadOptions};
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::{env, process};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A program with a runtime awaits in place of this.
fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let waker = Arc::new(Unpark(thread::current())).into();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

async fn tell(path: &str, upload: Call<FileId>) -> bool {
    match upload.await {
        Ok(id) => println!("{}  {}", id, path),
        Err(error) => {
            eprintln!("{}: {}", path, error);
            return false;
        }
    }
    true
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.len() < 2 {
        eprintln!("usage: together STORE FILE...");
        process::exit(2);
    }
    let service = Options::local(&arguments[0]).and_then(|options| Service::open(&options)).unwrap_or_else(|error| {
        eprintln!("{}: {}", arguments[0], error);
        process::exit(1);
    });
    // All begin here, and go on beside each other.
    let uploads: Vec<_> = arguments[1..]
        .iter()
        .map(|path| {
            (path, service.upload_path_async(path, &UploadOptions::new().metadata("stored_by", "the Rust example")))
        })
        .collect();
    let all_stored = wait_for(async {
        let mut all_stored = true;
        for (path, upload) in uploads {
            all_stored &= tell(path, upload).await;
        }
        all_stored
    });
    process::exit(if all_stored { 0 } else { 1 });
}
