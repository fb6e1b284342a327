using Orleans.Tbptt.Benchmarks.Profile;

/// <summary>
/// What the runtime calls before a program's own code where <c>DOTNET_STARTUP_HOOKS</c> names this assembly; the runtime requires this
/// name, and no namespace (.NET documentation, "host-startup-hook").
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(StartRecorder.FolderVariable) is { } folder)
            StartRecorder.Begin(folder);
    }
}
