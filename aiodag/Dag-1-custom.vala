// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the vapi has besides what is made of the GIR. A method with a body is compiled into the
// program that calls it; vapigen writes its body down as it was checked, so it is kept simple.

namespace Dag {
  [Compact]
  [Version (since = "1.0")]
  public class Dependency {
    public Dag.Task task { get; }
    public Dag.Rule rule { get; }
    public bool raw { get; }
  }

  [Compact]
  [Version (since = "1.0")]
  public class Results {
    public uint length { get; }
  }

  [Version (since = "1.0")]
  public sealed class Task : GLib.Object {
    // Ends the task with what the function returns or throws. An async method is a body by it:
    //
    //   new Dag.Task (t => sum.begin (1, 2, (o, r) => t.return_from (() => sum.end (r))))
    [CCode (cname = "dag_vala_return_from")]
    [Version (since = "1.0")]
    public void return_from (Dag.ValueFunc function) {
      try {
        GLib.Value? value = function ();
        return_value (value);
      } catch (GLib.Error error) {
        return_error ((owned) error);
      }
    }

    // The same for a function that returns nothing.
    [CCode (cname = "dag_vala_return_void_from")]
    [Version (since = "1.0")]
    public void return_void_from (Dag.VoidFunc function) {
      try {
        function ();
        return_void ();
      } catch (GLib.Error error) {
        return_error ((owned) error);
      }
    }
  }

  // By hand because the error is const in C.
  [CCode (instance_pos = 2.9)]
  [Version (since = "1.0")]
  public delegate bool RetryFunc (Dag.Task task,
                                  [CCode (type = "const GError*")] GLib.Error error);

  // By hand because the source object is a gpointer in C.
  [CCode (has_target = false)]
  [Version (since = "1.0")]
  public delegate void TaskThreadFunc (Dag.Task task,
                                       [CCode (type = "gpointer")] GLib.Object? source_object,
                                       void* task_data,
                                       GLib.Cancellable cancellable);

  [CCode (has_typedef = false)]
  [Version (since = "1.0")]
  public delegate GLib.Value? ValueFunc () throws GLib.Error;

  [CCode (has_typedef = false)]
  [Version (since = "1.0")]
  public delegate void VoidFunc () throws GLib.Error;
}
