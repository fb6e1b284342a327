namespace Orleans.Tbptt.Training.Engines;

/// <summary>
/// The PyTorch installation whose libtorch <c>engine: torch</c> loads, where it is not the libtorch that was installed with the program:
/// named by <see cref="Use"/>, or else by the environment variable <see cref="Variable"/>. One for a process, because a process can load
/// libtorch only once.
/// </summary>
public static class LibtorchFolder
{
    /// <summary>The environment variable that names the folder for every program.</summary>
    public const string Variable = "TBPTT_LIBTORCH";

    /// <summary>The setting of a silo that names it.</summary>
    public const string Setting = "Tbptt:Libtorch";

    private static readonly Lock Gate = new();
    private static string? _used;
    private static Action<string> _warn = Console.Error.WriteLine;

    /// <summary>The folder; null for the libtorch that was installed with the program.</summary>
    public static string? Named => _used ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null);

    /// <summary>What names it, for messages.</summary>
    public static string NamedBy => _used is null ? Variable : Setting;

    /// <summary>What was found to be unusual about it when it was loaded; null where nothing was, or it has not been loaded.</summary>
    public static string? Warning { get; private set; }

    /// <summary>Names the folder. To be called before anything needs libtorch.</summary>
    /// <param name="folder">
    /// A folder with <c>libtorch_cpu.so</c>, or one that has it in <c>lib</c> or <c>torch/lib</c>; null or empty leaves the choice to the
    /// environment variable.
    /// </param>
    /// <param name="warn">Takes a warning about the folder; without it, standard error does.</param>
    public static void Use(string? folder, Action<string>? warn = null)
    {
        lock (Gate)
        {
            _used = string.IsNullOrEmpty(folder) ? null : folder;
            _warn = warn ?? Console.Error.WriteLine;
        }
    }

    /// <summary>Warns about the folder, once for a process.</summary>
    /// <param name="message">One line: what was found, what was expected, and what to do.</param>
    public static void Warn(string message)
    {
        lock (Gate)
        {
            if (Warning is not null)
                return;
            Warning = message;
            _warn(message);
        }
    }
}
