// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// As much of what ts-for-gir makes as aiodag.d.ts and calls.ts need.

declare module 'gi://Gio?version=2.0' {
    export namespace Gio {
        class Cancellable {
            cancel(): void;
        }

        interface File {
            get_path(): string | null;
        }

        class SubprocessLauncher {
            set_cwd(cwd: string): void;
        }
    }
    export default Gio;
}

declare module 'gi://GObject?version=2.0' {
    export namespace GObject {
        class Object {
            run_dispose(): void;
        }
    }
    export default GObject;
}

declare module 'gi://GLib?version=2.0' {
    export namespace GLib {
        class Bytes {
            constructor(data?: Uint8Array | null);
            toArray(): Uint8Array;
        }
    }
    export default GLib;
}

declare module 'gi://Dag?version=1' {
    export namespace Dag {
        export enum Rule {SUCCEEDED, FINISHED, FAILED}
        export enum State {WAITING, READY, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED}
        export enum Trigger {ALL, ANY, FIRST}

        class Task {
            static new_all(tasks: Task[] | null): Task;
            cancel(): void;
            get_state(): State;
        }

        class Retry {
            static new(attempts: number, delay: number): Retry;
        }

        class Limiter {
            static new(limit: number): Limiter;
        }

        class Dependency {
            get_task(): Task;
        }

        class ProcessResult {
            readonly status: number;
            readonly stdout_text: string | null;
        }

        class Results {
            get_length(): number;
        }
    }
    export default Dag;
}
