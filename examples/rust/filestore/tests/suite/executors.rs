use crate::stores::{local, stores};
use filestore::doc::block_on;
use filestore::{Code, DownloadOptions, Service, Task, UploadOptions};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

/// Two threads that run what comes.
fn pool() -> (Sender<Task>, Vec<thread::JoinHandle<()>>) {
    let (sender, receiver): (_, Receiver<Task>) = mpsc::channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let work = |receiver: Arc<Mutex<Receiver<Task>>>| loop {
        let task = receiver.lock().unwrap().recv();
        match task {
            Ok(task) => task.run(),
            Err(_) => return,
        }
    };
    let threads = (0..2)
        .map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || work(receiver))
        })
        .collect();
    (sender, threads)
}

#[test]
fn work_is_done_where_the_program_says() {
    for store in stores() {
        let (sender, threads) = pool();
        let (sender, count) = (Mutex::new(sender), Arc::new(AtomicUsize::new(0)));
        let counted = count.clone();
        let mut options = store.options();
        options
            .executor(move |task| {
                counted.fetch_add(1, Ordering::SeqCst);
                sender.lock().unwrap().send(task).map_err(|error| error.0)
            })
            .unwrap();
        let service = Service::open(&options).unwrap();
        block_on(async {
            let id = service.upload_async(&b"elsewhere"[..], &UploadOptions::new()).await.unwrap();
            assert_eq!(service.download_bytes_async(&id, &DownloadOptions::new()).await.unwrap(), b"elsewhere");
        });
        drop((service, options));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(count.load(Ordering::SeqCst) > 0, "{}", store.name);
    }
}

#[test]
fn an_executor_without_room_fails_the_call() {
    let store = local();
    let mut options = store.options();
    options.executor(Err).unwrap();
    let service = Service::open(&options).unwrap();
    let error = block_on(service.upload_bytes_async(b"x", &UploadOptions::new())).unwrap_err();
    assert_eq!(error.code(), Code::NoMemory);
}

#[test]
fn a_task_that_is_dropped_is_run_all_the_same() {
    let store = local();
    let mut options = store.options();
    options
        .executor(|task| {
            drop(task);
            Ok(())
        })
        .unwrap();
    let service = Service::open(&options).unwrap();
    block_on(service.upload_bytes_async(b"x", &UploadOptions::new())).unwrap();
}

#[test]
fn so_is_one_whose_executor_panics() {
    let store = local();
    let mut options = store.options();
    options.executor(|_task| panic!("no executor")).unwrap();
    let service = Service::open(&options).unwrap();
    block_on(service.upload_bytes_async(b"x", &UploadOptions::new())).unwrap();
}
