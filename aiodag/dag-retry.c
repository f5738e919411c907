/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "dag-retry-private.h"

#define DEFAULT_ATTEMPTS 3
#define DEFAULT_FACTOR   2.0

/**
 * DagRetry:
 *
 * How often, and after what pauses, the function of a task is called until it succeeds.
 *
 * ```c
 * g_autoptr (DagRetry) retry = dag_retry_new (4, 100);
 *
 * dag_with (dag_call (fetch, "flaky"), "retry", retry, NULL);
 * ```
 *
 * It is a description: any number of tasks can have it as their [property@Dag.Task:retry], in any
 * thread. It may be changed while they do. That counts from their next failure on.
 *
 * The pause after attempt *n* is [property@Dag.Retry:delay] × [property@Dag.Retry:factor]ⁿ⁻¹, and no
 * more than [property@Dag.Retry:max-delay]. With a [property@Dag.Retry:jitter] part of that is left
 * to chance.
 *
 * Since: 1.0
 */

/* What looks at errors. It is called without the lock, and stays while it is. */
typedef struct {
  gatomicrefcount ref_count;
  DagRetryFunc    function;
  gpointer        data;
  GDestroyNotify  destroy;
} DagRetryFilter;

struct _DagRetry
{
  GObject         parent_instance;

  /* Under the lock */
  GMutex          lock;
  guint           attempts;
  guint           delay;      /* ms */
  double          factor;
  guint           max_delay;  /* ms */
  double          jitter;     /* 0 to 1 */
  guint           seed;
  GRand          *chance;     /* (owned) (nullable) */
  DagRetryFilter *filter;     /* (owned) (nullable) */
};

typedef enum {
  PROP_ATTEMPTS = 1,
  PROP_DELAY,
  PROP_FACTOR,
  PROP_MAX_DELAY,
  PROP_JITTER,
  PROP_SEED,
} DagRetryProperty;

static GParamSpec *properties[PROP_SEED + 1];

G_DEFINE_FINAL_TYPE (DagRetry, dag_retry, G_TYPE_OBJECT)

static void
dag_retry_filter_unref (DagRetryFilter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

static void
dag_retry_finalize (GObject *object)
{
  DagRetry *self = DAG_RETRY (object);

  g_clear_pointer (&self->filter, dag_retry_filter_unref);
  g_clear_pointer (&self->chance, g_rand_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (dag_retry_parent_class)->finalize (object);
}

static void
dag_retry_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  DagRetry *self = DAG_RETRY (object);

  switch ((DagRetryProperty) prop_id)
    {
    case PROP_ATTEMPTS:
      g_value_set_uint (value, dag_retry_get_attempts (self));
      break;
    case PROP_DELAY:
      g_value_set_uint (value, dag_retry_get_delay (self));
      break;
    case PROP_FACTOR:
      g_value_set_double (value, dag_retry_get_factor (self));
      break;
    case PROP_MAX_DELAY:
      g_value_set_uint (value, dag_retry_get_max_delay (self));
      break;
    case PROP_JITTER:
      g_value_set_double (value, dag_retry_get_jitter (self));
      break;
    case PROP_SEED:
      g_value_set_uint (value, dag_retry_get_seed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_retry_set_property (GObject      *object,
                        guint         prop_id,
                        const GValue *value,
                        GParamSpec   *pspec)
{
  DagRetry *self = DAG_RETRY (object);

  switch ((DagRetryProperty) prop_id)
    {
    case PROP_ATTEMPTS:
      dag_retry_set_attempts (self, g_value_get_uint (value));
      break;
    case PROP_DELAY:
      dag_retry_set_delay (self, g_value_get_uint (value));
      break;
    case PROP_FACTOR:
      dag_retry_set_factor (self, g_value_get_double (value));
      break;
    case PROP_MAX_DELAY:
      dag_retry_set_max_delay (self, g_value_get_uint (value));
      break;
    case PROP_JITTER:
      dag_retry_set_jitter (self, g_value_get_double (value));
      break;
    case PROP_SEED:
      dag_retry_set_seed (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_retry_class_init (DagRetryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dag_retry_finalize;
  object_class->get_property = dag_retry_get_property;
  object_class->set_property = dag_retry_set_property;

  /**
   * DagRetry:attempts: (getter get_attempts) (setter set_attempts)
   *
   * How often the function is called at most, the first time included.
   *
   * Since: 1.0
   */
  properties[PROP_ATTEMPTS] =
    g_param_spec_uint ("attempts", NULL, NULL,
                       1, G_MAXUINT, DEFAULT_ATTEMPTS,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagRetry:delay: (getter get_delay) (setter set_delay)
   *
   * The pause after the first attempt, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_DELAY] =
    g_param_spec_uint ("delay", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagRetry:factor: (getter get_factor) (setter set_factor)
   *
   * By what each further pause is longer than the one before.
   *
   * Since: 1.0
   */
  properties[PROP_FACTOR] =
    g_param_spec_double ("factor", NULL, NULL,
                         1.0, G_MAXDOUBLE, DEFAULT_FACTOR,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagRetry:max-delay: (getter get_max_delay) (setter set_max_delay)
   *
   * What no pause is longer than, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_DELAY] =
    g_param_spec_uint ("max-delay", NULL, NULL,
                       0, G_MAXUINT, G_MAXUINT,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagRetry:jitter: (getter get_jitter) (setter set_jitter)
   *
   * Which part of each pause is left to chance: with 0.25 it is between 75 and 100 % of what it
   * would be.
   *
   * Since: 1.0
   */
  properties[PROP_JITTER] =
    g_param_spec_double ("jitter", NULL, NULL,
                         0.0, 1.0, 0.0,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagRetry:seed: (getter get_seed) (setter set_seed)
   *
   * What chance begins with, so that pauses with a [property@Dag.Retry:jitter] are always the same
   * ones; 0 for always others.
   *
   * Since: 1.0
   */
  properties[PROP_SEED] =
    g_param_spec_uint ("seed", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
dag_retry_init (DagRetry *self)
{
  g_mutex_init (&self->lock);
  self->attempts = DEFAULT_ATTEMPTS;
  self->factor = DEFAULT_FACTOR;
  self->max_delay = G_MAXUINT;
}

/**
 * dag_retry_new:
 * @attempts: how often to call the function at most, the first time included; at least 1
 * @delay: the pause after the first attempt, in milliseconds
 *
 * Makes a description of how to try again. Each further pause is twice as long as the one before,
 * unless [property@Dag.Retry:factor] says otherwise.
 *
 * Returns: (transfer full): the description
 *
 * Since: 1.0
 */
DagRetry *
dag_retry_new (guint attempts,
               guint delay)
{
  DagRetry *self;

  g_return_val_if_fail (attempts > 0, NULL);

  self = g_object_new (DAG_TYPE_RETRY, NULL);
  self->attempts = attempts;
  self->delay = delay;

  return self;
}

static guint
dag_retry_get_uint (DagRetry *self,
                    guint    *field)
{
  guint value;

  g_mutex_lock (&self->lock);
  value = *field;
  g_mutex_unlock (&self->lock);

  return value;
}

static double
dag_retry_get_double (DagRetry *self,
                      double   *field)
{
  double value;

  g_mutex_lock (&self->lock);
  value = *field;
  g_mutex_unlock (&self->lock);

  return value;
}

static void
dag_retry_set_uint (DagRetry         *self,
                    guint            *field,
                    guint             value,
                    DagRetryProperty  property)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = *field != value;
  *field = value;
  g_mutex_unlock (&self->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
dag_retry_set_double (DagRetry         *self,
                      double           *field,
                      double            value,
                      DagRetryProperty  property)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = *field < value || *field > value;
  *field = value;
  g_mutex_unlock (&self->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/**
 * dag_retry_get_attempts: (get-property attempts)
 * @self: how to try again
 *
 * Gets how often the function is called at most.
 *
 * Returns: the number, at least 1
 *
 * Since: 1.0
 */
guint
dag_retry_get_attempts (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 1);

  return dag_retry_get_uint (self, &self->attempts);
}

/**
 * dag_retry_set_attempts: (set-property attempts)
 * @self: how to try again
 * @attempts: the number, at least 1
 *
 * Sets how often the function is called at most, the first time included. From any thread, as all of
 * these.
 *
 * Since: 1.0
 */
void
dag_retry_set_attempts (DagRetry *self,
                        guint     attempts)
{
  g_return_if_fail (DAG_IS_RETRY (self));
  g_return_if_fail (attempts > 0);

  dag_retry_set_uint (self, &self->attempts, attempts, PROP_ATTEMPTS);
}

/**
 * dag_retry_get_delay: (get-property delay)
 * @self: how to try again
 *
 * Gets the pause after the first attempt.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint
dag_retry_get_delay (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 0);

  return dag_retry_get_uint (self, &self->delay);
}

/**
 * dag_retry_set_delay: (set-property delay)
 * @self: how to try again
 * @delay: the time in milliseconds
 *
 * Sets the pause after the first attempt.
 *
 * Since: 1.0
 */
void
dag_retry_set_delay (DagRetry *self,
                     guint     delay)
{
  g_return_if_fail (DAG_IS_RETRY (self));

  dag_retry_set_uint (self, &self->delay, delay, PROP_DELAY);
}

/**
 * dag_retry_get_factor: (get-property factor)
 * @self: how to try again
 *
 * Gets by what each further pause is longer than the one before.
 *
 * Returns: the factor, at least 1
 *
 * Since: 1.0
 */
double
dag_retry_get_factor (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 1.0);

  return dag_retry_get_double (self, &self->factor);
}

/**
 * dag_retry_set_factor: (set-property factor)
 * @self: how to try again
 * @factor: the factor, at least 1
 *
 * Sets by what each further pause is longer than the one before.
 *
 * Since: 1.0
 */
void
dag_retry_set_factor (DagRetry *self,
                      double    factor)
{
  g_return_if_fail (DAG_IS_RETRY (self));
  g_return_if_fail (factor >= 1.0);

  dag_retry_set_double (self, &self->factor, factor, PROP_FACTOR);
}

/**
 * dag_retry_get_max_delay: (get-property max-delay)
 * @self: how to try again
 *
 * Gets what no pause is longer than.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint
dag_retry_get_max_delay (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 0);

  return dag_retry_get_uint (self, &self->max_delay);
}

/**
 * dag_retry_set_max_delay: (set-property max-delay)
 * @self: how to try again
 * @max_delay: the time in milliseconds
 *
 * Sets what no pause is longer than.
 *
 * Since: 1.0
 */
void
dag_retry_set_max_delay (DagRetry *self,
                         guint     max_delay)
{
  g_return_if_fail (DAG_IS_RETRY (self));

  dag_retry_set_uint (self, &self->max_delay, max_delay, PROP_MAX_DELAY);
}

/**
 * dag_retry_get_jitter: (get-property jitter)
 * @self: how to try again
 *
 * Gets which part of each pause is left to chance.
 *
 * Returns: the part, from 0 to 1
 *
 * Since: 1.0
 */
double
dag_retry_get_jitter (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 0.0);

  return dag_retry_get_double (self, &self->jitter);
}

/**
 * dag_retry_set_jitter: (set-property jitter)
 * @self: how to try again
 * @jitter: the part, from 0 to 1
 *
 * Sets which part of each pause is left to chance.
 *
 * Since: 1.0
 */
void
dag_retry_set_jitter (DagRetry *self,
                      double    jitter)
{
  g_return_if_fail (DAG_IS_RETRY (self));
  g_return_if_fail (jitter >= 0.0 && jitter <= 1.0);

  dag_retry_set_double (self, &self->jitter, jitter, PROP_JITTER);
}

/**
 * dag_retry_get_seed: (get-property seed)
 * @self: how to try again
 *
 * Gets what chance begins with.
 *
 * Returns: the seed, 0 if there is none
 *
 * Since: 1.0
 */
guint
dag_retry_get_seed (DagRetry *self)
{
  g_return_val_if_fail (DAG_IS_RETRY (self), 0);

  return dag_retry_get_uint (self, &self->seed);
}

/**
 * dag_retry_set_seed: (set-property seed)
 * @self: how to try again
 * @seed: the seed, 0 for always another one
 *
 * Sets what chance begins with, and has it begin again.
 *
 * Since: 1.0
 */
void
dag_retry_set_seed (DagRetry *self,
                    guint     seed)
{
  GRand *old;

  g_return_if_fail (DAG_IS_RETRY (self));

  g_mutex_lock (&self->lock);
  old = g_steal_pointer (&self->chance);
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&old, g_rand_free);

  dag_retry_set_uint (self, &self->seed, seed, PROP_SEED);
}

/**
 * dag_retry_set_function:
 * @self: how to try again
 * @function: (scope notified) (closure user_data) (destroy user_data_destroy) (nullable): says
 *   whether another attempt makes sense; %NULL for always
 * @user_data: what @function gets
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Sets what looks at the errors of attempts that have another one after them.
 *
 * It is not asked about what is never tried again: a cancellation, say. @user_data_destroy is called
 * in the thread that sets another function or releases @self, or in the one that calls @function if
 * that is at work then.
 *
 * Since: 1.0
 */
void
dag_retry_set_function (DagRetry       *self,
                        DagRetryFunc    function,
                        gpointer        user_data,
                        GDestroyNotify  user_data_destroy)
{
  DagRetryFilter *filter = NULL, *old;

  g_return_if_fail (DAG_IS_RETRY (self));
  g_return_if_fail (function != NULL || user_data_destroy == NULL);

  if (function != NULL)
    {
      filter = g_new (DagRetryFilter, 1);
      g_atomic_ref_count_init (&filter->ref_count);
      filter->function = function;
      filter->data = user_data;
      filter->destroy = user_data_destroy;
    }

  g_mutex_lock (&self->lock);
  old = self->filter;
  self->filter = filter;
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&old, dag_retry_filter_unref);
}

/**
 * dag_retry_get_pause:
 * @self: how to try again
 * @attempt: the number of an attempt, from 1 on
 *
 * Gets how long the pause after an attempt is. With a [property@Dag.Retry:jitter] it is another one
 * each time.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint
dag_retry_get_pause (DagRetry *self,
                     guint     attempt)
{
  double pause;

  g_return_val_if_fail (DAG_IS_RETRY (self), 0);
  g_return_val_if_fail (attempt > 0, 0);

  g_mutex_lock (&self->lock);

  pause = self->delay > 0 ? self->delay * pow (self->factor, attempt - 1) : 0.0;
  pause = MIN (pause, (double) self->max_delay);

  if (self->jitter > 0.0)
    {
      if (self->chance == NULL)
        self->chance = self->seed != 0 ? g_rand_new_with_seed (self->seed) : g_rand_new ();
      pause *= 1.0 - self->jitter * g_rand_double (self->chance);
    }

  g_mutex_unlock (&self->lock);

  return (guint) (pause + 0.5);
}

/*< private >
 * dag_retry_makes_sense:
 *
 * Asks whether there should be another attempt, which may run anybody's code.
 */
gboolean
dag_retry_makes_sense (DagRetry     *self,
                       DagTask      *task,
                       const GError *error)
{
  DagRetryFilter *filter;
  gboolean again = TRUE;

  g_mutex_lock (&self->lock);
  filter = self->filter;
  if (filter != NULL)
    g_atomic_ref_count_inc (&filter->ref_count);
  g_mutex_unlock (&self->lock);

  if (filter != NULL)
    {
      again = filter->function (task, error, filter->data);
      dag_retry_filter_unref (filter);
    }

  return again;
}
