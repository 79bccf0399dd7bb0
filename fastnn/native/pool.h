// The core's own threads. A call borrows as many idle workers as it needs, runs
// as thread 0 itself, and gives them back; workers are started on first use and
// sleep between calls. Calls from several Python threads each borrow their own.
//
// A forked child has none of its parent's threads and possibly locked mutexes,
// so it starts over with a new pool and leaves the parent's untouched.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "denormals.h"

#if defined(_WIN32)
#include <process.h>
#define FASTNN_PID _getpid
#else
#include <unistd.h>
#define FASTNN_PID getpid
#endif

namespace fastnn {

typedef void (*Task)(void *context, int thread);  // must not throw

class Worker {
  public:
    Worker() { std::thread(&Worker::live, this).detach(); }

    void start(Task task, void *context, int thread) {
        std::lock_guard<std::mutex> lock(mutex_);
        task_ = task, context_ = context, thread_ = thread;
        changed_.notify_all();
    }

    void join() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return !task_; });
    }

  private:
    void live() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return task_ != nullptr; });
            lock.unlock();
            task_(context_, thread_);
            lock.lock();
            task_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    Task task_ = nullptr;
    void *context_ = nullptr;
    int thread_ = 0;
};

class Pool {
  public:
    // Task(context, 0 .. threads - 1), all at once. False if the system gives no more threads;
    // nothing has run then.
    static bool run(Task task, void *context, int threads) {
        if (threads == 1) {
            task(context, 0);
            return true;
        }
        Pool &pool = instance();
        std::vector<Worker *> workers;
        if (!pool.borrow(threads - 1, workers)) return false;
        for (int i = 0; i < threads - 1; ++i) workers[i]->start(task, context, i + 1);
        task(context, 0);
        for (Worker *worker : workers) worker->join();
        pool.give_back(workers);
        return true;
    }

  private:
    // Never destroyed: workers may outlive static destruction.
    static Pool &instance() {
        static std::atomic<Pool *> current{nullptr};
        Pool *pool = current.load();
        if (pool && pool->pid_ == FASTNN_PID()) return *pool;
        Pool *fresh = new Pool;
        if (current.compare_exchange_strong(pool, fresh)) return *fresh;
        delete fresh;  // another thread was first
        return *pool;
    }

    bool borrow(int count, std::vector<Worker *> &workers) {
        std::lock_guard<std::mutex> lock(mutex_);
        try {
            workers.reserve(count);
            while (int(workers.size()) < count) {
                if (idle_.empty()) {
                    idle_.reserve(started_ + 1);  // so that giving back cannot fail
                    workers.push_back(new Worker);
                    ++started_;
                } else {
                    workers.push_back(idle_.back());
                    idle_.pop_back();
                }
            }
        } catch (const std::exception &) {
            idle_.insert(idle_.end(), workers.begin(), workers.end());
            return false;
        }
        return true;
    }

    void give_back(const std::vector<Worker *> &workers) {
        std::lock_guard<std::mutex> lock(mutex_);
        idle_.insert(idle_.end(), workers.begin(), workers.end());
    }

    std::mutex mutex_;
    std::vector<Worker *> idle_;
    size_t started_ = 0;
    const int pid_ = FASTNN_PID();
};

// task(context, thread) on every thread, in the core's mode of arithmetic.
template <class C>
bool on_threads(void (*task)(C *, int), C *context, int threads) {
    struct Call {
        void (*task)(C *, int);
        C *context;
    } call = {task, context};
    return Pool::run(
        [](void *p, int thread) {
            CoreMode mode;
            mode.enter();
            const Call *c = static_cast<Call *>(p);
            c->task(c->context, thread);
        },
        &call, threads);
}

// All `threads` threads of one Pool::run wait here for each other, between the phases of a step.
class Barrier {
  public:
    explicit Barrier(int threads) : threads_(threads) {}

    // Only while nobody waits.
    void set_threads(int threads) { threads_ = threads; }

    void wait() {
        if (threads_ == 1) return;
        const unsigned turn = turn_.load(std::memory_order_acquire) & ~ASLEEP;
        if (waiting_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
            waiting_.store(0, std::memory_order_relaxed);
            if (turn_.exchange(turn + TURN) & ASLEEP) {
                std::lock_guard<std::mutex> lock(mutex_);
                changed_.notify_all();
            }
            return;
        }
        const auto over = [this, turn](unsigned now) { return (now & ~ASLEEP) != turn; };
        for (int spin = 0; spin < SPINS; ++spin)
            if (over(turn_.load(std::memory_order_acquire))) return;
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return over(turn_.fetch_or(ASLEEP)); });
    }

  private:
    static constexpr unsigned ASLEEP = 1, TURN = 2;
    // Some 20 us. A phase is microseconds long, and to be woken takes as many. Who waits longer
    // waits for a thread without a processor. To sleep then is better than to yield: a yield gives
    // another program its whole slice of milliseconds, and a thread that has slept goes first.
    static constexpr int SPINS = 50'000;
    int threads_;
    std::atomic<int> waiting_{0};
    std::atomic<unsigned> turn_{0};  // its lowest bit: whether a thread is asleep
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace fastnn
