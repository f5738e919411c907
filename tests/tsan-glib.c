/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tells the thread sanitizer of GLib's synchronisation.
 *
 * The sanitizer learns from what it instruments, and the GLib of the system is not instrumented:
 * its mutexes are futexes, its reference counts and queues its own, so to the sanitizer two threads
 * that meet in GLib have never met, and it reports whatever they share. A build with
 * -Db_sanitize=thread links this file into every program. Its functions have the names of GLib's,
 * so the library, the program and GIO call them instead; each calls the real one and says what it
 * orders:
 *
 *  - GMutex, GRecMutex, GRWLock, GCond, bit locks: as mutexes, deadlock detection included.
 *  - Reference counts, of objects, of values that hold objects, and GLib's own: the last unref
 *    comes after all others.
 *  - Once-initialisation, GThreadPool, GAsyncQueue, and callbacks that are handed to a main
 *    context: what was done before handing over comes before what is done after taking.
 *
 * What it cannot do: calls inside one library of GLib's do not come by here. So where GLib hands
 * something of ours from thread to thread by a way that is not in the list, a report is false, and
 * the way is to be added to the list. An order that is claimed here and that GLib does not promise
 * would hide a race, so each function claims what the real one documents and no more. With that
 * no report has to be suppressed.
 *
 * GLib before 2.76 wants G_SLICE=always-malloc: the sanitizer does not see GSlice's own blocks come
 * and go, and takes one object for another that was at the same address before.
 */

#define _GNU_SOURCE
#define GLIB_DISABLE_DEPRECATION_WARNINGS

#include <dlfcn.h>
#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

/* The next definition after ours. Some have macros of the same name: those stand in parentheses where
 * they are defined. GLib's own constructors call some of these functions before any
 * constructor of this file could run, so it is looked up when it is first needed.
 */
#define REAL(function) \
  ({ \
    static gpointer real_; \
    if (__atomic_load_n (&real_, __ATOMIC_RELAXED) == NULL) \
      __atomic_store_n (&real_, dlsym (RTLD_NEXT, #function), __ATOMIC_RELAXED); \
    (__typeof__ (&function)) __atomic_load_n (&real_, __ATOMIC_RELAXED); \
  })

/* What GLib allocates for itself in here, such as the link of a queue, is freed by the thread that
 * takes from it.
 */
void AnnotateIgnoreWritesBegin (const char *file, int line);
void AnnotateIgnoreWritesEnd   (const char *file, int line);

#define GLIBS_OWN_BEGIN AnnotateIgnoreWritesBegin (__FILE__, __LINE__)
#define GLIBS_OWN_END AnnotateIgnoreWritesEnd (__FILE__, __LINE__)

/* Mutexes */

#define DEFINE_LOCK(function, Type, flags) \
  void \
  function (Type *lock) \
  { \
    __tsan_mutex_pre_lock (lock, flags); \
    REAL (function) (lock); \
    __tsan_mutex_post_lock (lock, flags, 1); \
  }

#define DEFINE_TRYLOCK(function, Type, flags) \
  gboolean \
  function (Type *lock) \
  { \
    gboolean locked; \
    \
    __tsan_mutex_pre_lock (lock, (flags) | __tsan_mutex_try_lock); \
    locked = REAL (function) (lock); \
    __tsan_mutex_post_lock (lock, \
                            (flags) | __tsan_mutex_try_lock \
                            | (locked ? 0 : __tsan_mutex_try_lock_failed), 1); \
    return locked; \
  }

#define DEFINE_UNLOCK(function, Type, flags) \
  void \
  function (Type *lock) \
  { \
    __tsan_mutex_pre_unlock (lock, flags); \
    REAL (function) (lock); \
    __tsan_mutex_post_unlock (lock, flags); \
  }

DEFINE_LOCK (g_mutex_lock, GMutex, 0)
DEFINE_TRYLOCK (g_mutex_trylock, GMutex, 0)
DEFINE_UNLOCK (g_mutex_unlock, GMutex, 0)

DEFINE_LOCK (g_rec_mutex_lock, GRecMutex, __tsan_mutex_write_reentrant)
DEFINE_TRYLOCK (g_rec_mutex_trylock, GRecMutex, __tsan_mutex_write_reentrant)
DEFINE_UNLOCK (g_rec_mutex_unlock, GRecMutex, 0)

DEFINE_LOCK (g_rw_lock_writer_lock, GRWLock, 0)
DEFINE_TRYLOCK (g_rw_lock_writer_trylock, GRWLock, 0)
DEFINE_UNLOCK (g_rw_lock_writer_unlock, GRWLock, 0)
DEFINE_LOCK (g_rw_lock_reader_lock, GRWLock, __tsan_mutex_read_lock)
DEFINE_TRYLOCK (g_rw_lock_reader_trylock, GRWLock, __tsan_mutex_read_lock)
DEFINE_UNLOCK (g_rw_lock_reader_unlock, GRWLock, __tsan_mutex_read_lock)

void
g_mutex_clear (GMutex *mutex)
{
  __tsan_mutex_destroy (mutex, 0);
  REAL (g_mutex_clear) (mutex);
}

void
g_cond_wait (GCond  *cond,
             GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  __tsan_mutex_pre_lock (mutex, 0);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_mutex_post_lock (mutex, 0, 1);
}

gboolean
g_cond_wait_until (GCond  *cond,
                   GMutex *mutex,
                   gint64  end_time)
{
  gboolean signalled;

  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  __tsan_mutex_pre_lock (mutex, 0);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_mutex_post_lock (mutex, 0, 1);
  return signalled;
}

/* Bit locks. Several can share a word, and the word can hold other bits that are changed
 * atomically, so what a lock is known by is an address beside the word's own.
 */
#define BIT(address, bit) ((gpointer) ((gsize) (address) + 1 + (gsize) (bit) % 3))

void
g_bit_lock (volatile gint *address,
            gint           lock_bit)
{
  __tsan_mutex_pre_lock (BIT (address, lock_bit), 0);
  REAL (g_bit_lock) (address, lock_bit);
  __tsan_mutex_post_lock (BIT (address, lock_bit), 0, 1);
}

gboolean
g_bit_trylock (volatile gint *address,
               gint           lock_bit)
{
  gboolean locked = REAL (g_bit_trylock) (address, lock_bit);

  if (locked)
    {
      __tsan_mutex_pre_lock (BIT (address, lock_bit), __tsan_mutex_try_lock);
      __tsan_mutex_post_lock (BIT (address, lock_bit), __tsan_mutex_try_lock, 1);
    }
  return locked;
}

void
g_bit_unlock (volatile gint *address,
              gint           lock_bit)
{
  __tsan_mutex_pre_unlock (BIT (address, lock_bit), 0);
  REAL (g_bit_unlock) (address, lock_bit);
  __tsan_mutex_post_unlock (BIT (address, lock_bit), 0);
}

void
(g_pointer_bit_lock) (volatile void *address,
                      gint           lock_bit)
{
  __tsan_mutex_pre_lock (BIT (address, lock_bit), 0);
  REAL (g_pointer_bit_lock) (address, lock_bit);
  __tsan_mutex_post_lock (BIT (address, lock_bit), 0, 1);
}

gboolean
(g_pointer_bit_trylock) (volatile void *address,
                         gint           lock_bit)
{
  gboolean locked = REAL (g_pointer_bit_trylock) (address, lock_bit);

  if (locked)
    {
      __tsan_mutex_pre_lock (BIT (address, lock_bit), __tsan_mutex_try_lock);
      __tsan_mutex_post_lock (BIT (address, lock_bit), __tsan_mutex_try_lock, 1);
    }
  return locked;
}

void
(g_pointer_bit_unlock) (volatile void *address,
                        gint           lock_bit)
{
  __tsan_mutex_pre_unlock (BIT (address, lock_bit), 0);
  REAL (g_pointer_bit_unlock) (address, lock_bit);
  __tsan_mutex_post_unlock (BIT (address, lock_bit), 0);
}

/* References. What a thread did to an object before it let go comes before the finalizer. The
 * references but the last are dropped here: between telling the sanitizer and a real unref that may
 * turn out to be the last, another thread could let go untold. And one that looks like the last may
 * not be: whoever takes a reference meanwhile finishes the object. (A toggle reference would not be
 * notified. There are none in C programs.)
 */
void
g_object_unref (gpointer object)
{
  guint *ref_count = (guint *) &((GObject *) object)->ref_count;
  guint old = __atomic_load_n (ref_count, __ATOMIC_ACQUIRE);

  while (old > 1)
    {
      if (__atomic_compare_exchange_n (ref_count, &old, old - 1, FALSE,
                                       __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
        return;
    }
  __tsan_release (ref_count);
  REAL (g_object_unref) (object);
}

void
g_value_unset (GValue *value)
{
  gpointer object = NULL;

  /* GObject lets go of the object inside, where it cannot be seen. */
  if (G_IS_VALUE (value) && G_VALUE_HOLDS_OBJECT (value))
    object = g_steal_pointer (&value->data[0].v_pointer);
  REAL (g_value_unset) (value);
  if (object != NULL)
    g_object_unref (object);
}

gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_sub_fetch (count, 1, __ATOMIC_ACQ_REL) == 0;
}

/* Once */

gboolean
(g_once_init_enter) (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  if (!first)
    __tsan_acquire ((gpointer) location);
  return first;
}

void
(g_once_init_leave) (volatile void *location,
                     gsize          result)
{
  __tsan_release ((gpointer) location);
  REAL (g_once_init_leave) (location, result);
}

#if GLIB_CHECK_VERSION (2, 80, 0)
gboolean
(g_once_init_enter_pointer) (gpointer location)
{
  gboolean first = REAL (g_once_init_enter_pointer) (location);

  if (!first)
    __tsan_acquire (location);
  return first;
}

void
(g_once_init_leave_pointer) (gpointer location,
                             gpointer result)
{
  __tsan_release (location);
  REAL (g_once_init_leave_pointer) (location, result);
}
#endif

/* Main contexts. What was done before a source was attached comes before its callback, and before what
 * its functions do. These are called by one thread at a time, the one that owns the context.
 */

typedef struct {
  GSourceFuncs funcs;  /* what the source has; must be first */
  GSourceFuncs *real;
} Funcs;

#define REAL_FUNCS(source) (((Funcs *) (source)->source_funcs)->real)

static void
acquire_context (GSource *source)
{
  __tsan_acquire (source);
  if (source->context != NULL)
    __tsan_acquire (source->context);
}

static void
release_context (GSource *source)
{
  __tsan_release (source);
  if (source->context != NULL)
    __tsan_release (source->context);
}

static gboolean
prepare_source (GSource *source,
                gint    *timeout)
{
  gboolean ready;

  acquire_context (source);
  ready = REAL_FUNCS (source)->prepare (source, timeout);
  release_context (source);
  return ready;
}

static gboolean
check_source (GSource *source)
{
  gboolean ready;

  acquire_context (source);
  ready = REAL_FUNCS (source)->check (source);
  release_context (source);
  return ready;
}

static gboolean
dispatch_source (GSource    *source,
                 GSourceFunc callback,
                 gpointer    user_data)
{
  gboolean goes_on;

  acquire_context (source);
  goes_on = REAL_FUNCS (source)->dispatch (source, callback, user_data);
  release_context (source);
  return goes_on;
}

GSource *
g_source_new (GSourceFuncs *funcs,
              guint         size)
{
  static GMutex lock;
  static GHashTable *table;  /* (element-type GSourceFuncs Funcs): for ever */
  Funcs *ours;

  REAL (g_mutex_lock) (&lock);
  if (table == NULL)
    table = g_hash_table_new (NULL, NULL);
  ours = g_hash_table_lookup (table, funcs);
  if (ours == NULL)
    {
      ours = g_new (Funcs, 1);
      ours->funcs = *funcs;
      ours->real = funcs;
      if (funcs->prepare != NULL)
        ours->funcs.prepare = prepare_source;
      if (funcs->check != NULL)
        ours->funcs.check = check_source;
      ours->funcs.dispatch = dispatch_source;
      g_hash_table_insert (table, funcs, ours);
    }
  REAL (g_mutex_unlock) (&lock);

  return REAL (g_source_new) (&ours->funcs, size);
}

typedef struct {
  GSource *source;
  GSourceFunc function;
  gpointer data;
  GDestroyNotify destroy;
} Callback;

static gboolean
callback_cb (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  __tsan_acquire (callback->source);
  return callback->function (callback->data);
}

static void
callback_free (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  __tsan_acquire (callback->source);
  if (callback->destroy != NULL)
    callback->destroy (callback->data);
  g_free (callback);
}

void
g_source_set_callback (GSource        *source,
                       GSourceFunc     function,
                       gpointer        data,
                       GDestroyNotify  destroy)
{
  Callback *callback;

  /* The callbacks of other sources have other arguments. */
  if (function == NULL
      || (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs))
    {
      REAL (g_source_set_callback) (source, function, data, destroy);
      return;
    }

  callback = g_new (Callback, 1);
  callback->source = source;
  callback->function = function;
  callback->data = data;
  callback->destroy = destroy;
  __tsan_release (callback);
  REAL (g_source_set_callback) (source, callback_cb, callback, callback_free);
}

guint
g_source_attach (GSource      *source,
                 GMainContext *context)
{
  guint id;

  __tsan_release (source);
  GLIBS_OWN_BEGIN;
  id = REAL (g_source_attach) (source, context);
  GLIBS_OWN_END;
  return id;
}

/* These are GLib's own words for them: what they call inside GLib would not come by here. */

guint
g_timeout_add_full (gint           priority,
                    guint          interval,
                    GSourceFunc    function,
                    gpointer       data,
                    GDestroyNotify destroy)
{
  GSource *source = g_timeout_source_new (interval);
  guint id;

  g_source_set_priority (source, priority);
  g_source_set_callback (source, function, data, destroy);
  id = g_source_attach (source, NULL);
  g_source_unref (source);
  return id;
}

guint
g_timeout_add (guint       interval,
               GSourceFunc function,
               gpointer    data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, function, data, NULL);
}

guint
g_idle_add_full (gint           priority,
                 GSourceFunc    function,
                 gpointer       data,
                 GDestroyNotify destroy)
{
  GSource *source = g_idle_source_new ();
  guint id;

  g_source_set_priority (source, priority);
  g_source_set_callback (source, function, data, destroy);
  id = g_source_attach (source, NULL);
  g_source_unref (source);
  return id;
}

guint
g_idle_add (GSourceFunc function,
            gpointer    data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, function, data, NULL);
}

void
g_main_context_invoke_full (GMainContext   *context,
                            gint            priority,
                            GSourceFunc     function,
                            gpointer        data,
                            GDestroyNotify  destroy)
{
  GSource *source;

  /* In the thread that owns the context it is a plain call. */
  if (context == NULL)
    context = g_main_context_default ();
  if (g_main_context_is_owner (context)
      || (g_main_context_get_thread_default () == NULL && context == g_main_context_default ())
      || context == g_main_context_get_thread_default ())
    {
      REAL (g_main_context_invoke_full) (context, priority, function, data, destroy);
      return;
    }

  source = g_idle_source_new ();
  g_source_set_priority (source, priority);
  g_source_set_callback (source, function, data, destroy);
  g_source_attach (source, context);
  g_source_unref (source);
}

void
g_main_context_invoke (GMainContext *context,
                       GSourceFunc   function,
                       gpointer      data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, function, data, NULL);
}

/* Queues and pools */

void
g_async_queue_push (GAsyncQueue *queue,
                    gpointer     data)
{
  __tsan_release (queue);
  GLIBS_OWN_BEGIN;
  REAL (g_async_queue_push) (queue, data);
  GLIBS_OWN_END;
}

#define DEFINE_POP(function) \
  gpointer \
  function (GAsyncQueue *queue) \
  { \
    gpointer data = REAL (function) (queue); \
    \
    if (data != NULL) \
      __tsan_acquire (queue); \
    return data; \
  }

DEFINE_POP (g_async_queue_pop)
DEFINE_POP (g_async_queue_try_pop)

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue,
                           guint64      timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  if (data != NULL)
    __tsan_acquire (queue);
  return data;
}

typedef struct {
  GFunc function;
  gpointer user_data;
} PoolFunction;

static void
pool_cb (gpointer data,
         gpointer user_data)
{
  PoolFunction *self = user_data;

  __tsan_acquire (data);
  self->function (data, self->user_data);
}

GThreadPool *
g_thread_pool_new_full (GFunc           function,
                        gpointer        user_data,
                        GDestroyNotify  item_free,
                        gint            max_threads,
                        gboolean        exclusive,
                        GError        **error)
{
  /* One a pool, for ever: a pool that was freed may still run. */
  PoolFunction *self = g_new (PoolFunction, 1);

  self->function = function;
  self->user_data = user_data;
  return REAL (g_thread_pool_new_full) (pool_cb, self, item_free, max_threads, exclusive, error);
}

GThreadPool *
g_thread_pool_new (GFunc      function,
                   gpointer   user_data,
                   gint       max_threads,
                   gboolean   exclusive,
                   GError   **error)
{
  return g_thread_pool_new_full (function, user_data, NULL, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool  *pool,
                    gpointer      data,
                    GError      **error)
{
  gboolean pushed;

  __tsan_release (data);
  GLIBS_OWN_BEGIN;
  pushed = REAL (g_thread_pool_push) (pool, data, error);
  GLIBS_OWN_END;
  return pushed;
}

const char *__tsan_default_options (void);

/* What GLib does with memory of its own, such as the table of the sources of a context, which several
 * threads let grow and shrink under a lock that cannot be seen, is not looked at.
 */
const char *
__tsan_default_options (void)
{
  return "second_deadlock_stack=1:history_size=4:ignore_noninstrumented_modules=1";
}

/* What GLib makes for itself when it is first used, inside of its own library and so unseen: here it
 * is made before there are threads. The lock of the table of error domains.
 */
static void __attribute__ ((constructor))
make_locks (void)
{
  g_error_free (g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_FAILED, "None"));
}
