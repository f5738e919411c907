/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-worker-private.h"

/**
 * DagWorker:
 *
 * Threads for functions that compute or block.
 *
 * A task whose [property@Dag.Task:worker] is set has its function called in one of these threads;
 * everything else about it stays in its main context. [ctor@Dag.Task.new_in_thread] makes one for
 * the default worker, [func@Dag.Worker.get_default], which has as many threads as there are cores.
 *
 * ```c
 * DagWorker *worker = dag_worker_new ("database", 1);
 *
 * dag_with (dag_call (query, database, "SELECT …"), "worker", worker, NULL);
 * g_object_unref (worker);
 * ```
 *
 * A worker of one thread always has the same one, from its first function on, for libraries that
 * want to be used by one thread alone. One of several grows while functions wait in
 * [method@Dag.Task.wait], or between [func@Dag.Worker.begin_blocking] and
 * [func@Dag.Worker.end_blocking], so that it is never exhausted by waiting; threads that are not
 * needed any more end.
 *
 * Functions are taken by the priority of their tasks at that time, and of one priority in the order
 * in which the tasks became ready.
 *
 * Tasks keep their worker until they have been released. When the last reference is gone its
 * threads end, by themselves and maybe a little later.
 *
 * Since: 1.0
 */

struct _DagWorker
{
  GObject  parent_instance;

  char    *name;         /* const */
  guint    max_threads;  /* const */
  DagPool *pool;         /* (owned): const */
};

typedef enum {
  PROP_NAME = 1,
  PROP_MAX_THREADS,
} DagWorkerProperty;

static GParamSpec *properties[PROP_MAX_THREADS + 1];

G_DEFINE_FINAL_TYPE (DagWorker, dag_worker, G_TYPE_OBJECT)

static void
dag_worker_constructed (GObject *object)
{
  DagWorker *self = DAG_WORKER (object);

  G_OBJECT_CLASS (dag_worker_parent_class)->constructed (object);

  if (self->name == NULL)
    self->name = g_strdup ("aiodag");
  if (self->max_threads == 0)
    self->max_threads = g_get_num_processors ();

  self->pool = dag_pool_new (self->name, self->max_threads);
}

static void
dag_worker_finalize (GObject *object)
{
  DagWorker *self = DAG_WORKER (object);

  dag_pool_close (self->pool);
  g_free (self->name);

  G_OBJECT_CLASS (dag_worker_parent_class)->finalize (object);
}

static void
dag_worker_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  DagWorker *self = DAG_WORKER (object);

  switch ((DagWorkerProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_MAX_THREADS:
      g_value_set_uint (value, self->max_threads);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_worker_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  DagWorker *self = DAG_WORKER (object);

  switch ((DagWorkerProperty) prop_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      break;
    case PROP_MAX_THREADS:
      self->max_threads = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_worker_class_init (DagWorkerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dag_worker_constructed;
  object_class->finalize = dag_worker_finalize;
  object_class->get_property = dag_worker_get_property;
  object_class->set_property = dag_worker_set_property;

  /**
   * DagWorker:name: (getter get_name)
   *
   * What its threads are called, of which systems show the first 15 bytes.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DagWorker:max-threads: (getter get_max_threads)
   *
   * How many threads may be at work at one time, not counting those that wait. One that is made with
   * 0 has as many as there are cores.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_THREADS] =
    g_param_spec_uint ("max-threads", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
dag_worker_init (DagWorker *self)
{
}

/**
 * dag_worker_new:
 * @name: (nullable): what its threads are called
 * @max_threads: how many threads may be at work at one time, 0 for as many as there are cores
 *
 * Makes a worker. Its threads are made when they are needed.
 *
 * Returns: (transfer full): the worker
 *
 * Since: 1.0
 */
DagWorker *
dag_worker_new (const char *name,
                guint       max_threads)
{
  return g_object_new (DAG_TYPE_WORKER, "name", name, "max-threads", max_threads, NULL);
}

/**
 * dag_worker_get_default:
 *
 * Gets the worker that functions run in where no other was given. It has as many threads as there
 * are cores, and lives as long as the program.
 *
 * It may be called from any thread.
 *
 * Returns: (transfer none): the worker
 *
 * Since: 1.0
 */
DagWorker *
dag_worker_get_default (void)
{
  static DagWorker *worker;

  if (g_once_init_enter (&worker))
    g_once_init_leave (&worker, dag_worker_new (NULL, 0));

  return worker;
}

/**
 * dag_worker_get_name: (get-property name)
 * @self: a worker
 *
 * Gets what its threads are called. From any thread.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
dag_worker_get_name (DagWorker *self)
{
  g_return_val_if_fail (DAG_IS_WORKER (self), NULL);

  return self->name;
}

/**
 * dag_worker_get_max_threads: (get-property max-threads)
 * @self: a worker
 *
 * Gets how many threads may be at work at one time, not counting those that wait. From any thread.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
dag_worker_get_max_threads (DagWorker *self)
{
  g_return_val_if_fail (DAG_IS_WORKER (self), 0);

  return self->max_threads;
}

/**
 * dag_worker_begin_blocking:
 *
 * The calling thread is going to block: until [func@Dag.Worker.end_blocking] it does not count as
 * one that is at work, and if it is one of a worker, another thread takes its place.
 *
 * [method@Dag.Task.wait] does this by itself. It is for other ways to block, in which a function
 * waits for another one, say, or takes long to read something. Brackets may be nested.
 *
 * In the thread of a worker that has but one, and in threads that belong to none, nothing happens.
 *
 * Since: 1.0
 */
void
dag_worker_begin_blocking (void)
{
  dag_pool_begin_blocking ();
}

/**
 * dag_worker_end_blocking:
 *
 * Takes back a [func@Dag.Worker.begin_blocking] of the same thread.
 *
 * The thread goes on at once. If more are at work then than may be, the first of them that has done
 * takes nothing else.
 *
 * Since: 1.0
 */
void
dag_worker_end_blocking (void)
{
  if (!dag_pool_end_blocking ())
    g_critical ("%s: without dag_worker_begin_blocking ()", G_STRFUNC);
}

/*< private >
 * dag_worker_get_pool:
 *
 * Returns: (transfer none): its threads
 */
DagPool *
dag_worker_get_pool (DagWorker *self)
{
  return self->pool;
}
