using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Reflection.Metadata.Ecma335;

namespace Orleans.Tbptt.Benchmarks.Profile;

/// <summary>
/// Records which methods this process runs, by the runtime's events about methods that it compiles or finds compiled, and writes them as a
/// profile when the process ends.
/// </summary>
/// <remarks>
/// The events carry a method's handle. Reflection has no public way from the handle of a method of a generic type to the method, so that
/// the runtime's own is called; it exists in .NET 10, and <see cref="Begin"/> throws where it does not.
/// </remarks>
internal sealed class StartRecorder : EventListener
{
    /// <summary>The environment variable that names the folder of the profile.</summary>
    public const string FolderVariable = "TBPTT_PROFILE_FOLDER";

    /// <summary>The environment variable with the second part of the profile's name; the first is the program's.</summary>
    public const string NameVariable = "TBPTT_PROFILE_NAME";

    private const int MethodLoadVerbose = 143, ReadyToRunGetEntryPoint = 159;
    private const EventKeywords Jit = (EventKeywords)0x10, CompilationDiagnostic = (EventKeywords)0x2000000000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private static readonly MethodInfo ToInfo = Internal(typeof(RuntimeMethodHandle), "GetMethodInfo", 0);
    private static readonly MethodInfo ToMethod = Internal(typeof(object).GetType(), "GetMethodBase", 2);

    // Filled from the base class's constructor, which announces the event sources that exist already.
    private static readonly ConcurrentDictionary<ulong, bool> Handles = new();

    /// <summary>Records from now to the end of the process. Of several silos the first records alone.</summary>
    public static void Begin(string folder)
    {
        if (Environment.GetCommandLineArgs() is var arguments && arguments.Contains("--name") && !arguments.Contains("silo-1"))
            return;
        var recorder = new StartRecorder();
        string path = Path.Combine(folder, Assembly.GetEntryAssembly()!.GetName().Name + "."
            + Environment.GetEnvironmentVariable(NameVariable) + MethodProfile.Extension);
        var ended = new ManualResetEventSlim();
        // Written again and again, so that the last time, for which a silo has less than two seconds, is quick.
        var writing = new Thread(() =>
        {
            while (!ended.Wait(Period))
                Write();
        }) { IsBackground = true };
        writing.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            ended.Set();
            writing.Join();
            recorder.Dispose();
            Write();
        };

        void Write() => MethodProfile.Write(path, Handles.Keys.Select(Find).OfType<MethodBase>().Where(IsWanted));
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            EnableEvents(eventSource, EventLevel.Verbose, Jit | CompilationDiagnostic);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        int space = eventData.EventId switch { MethodLoadVerbose => 6, ReadyToRunGetEntryPoint => 1, _ => -1 };
        // A dynamic method may have been collected by the time its handle would be used.
        if (space > 0 && (string?)eventData.Payload![space] != "dynamicClass")
            Handles.TryAdd((ulong)eventData.Payload[0]!, true);
    }

    private static MethodBase? Find(ulong handle) =>
        (MethodBase?)ToMethod.Invoke(null, [null, ToInfo.Invoke(RuntimeMethodHandle.FromIntPtr((nint)handle), null)]);

    /// <summary>
    /// Whether an image can hold the method: the frameworks' own images hold theirs, except for instantiations over others' types.
    /// </summary>
    private static bool IsWanted(MethodBase method) =>
        method.DeclaringType is { } type && !method.Module.Assembly.IsDynamic && !IsOwn(type)
        && !(method.IsGenericMethod && method.GetGenericArguments().Any(IsOwn))
        && (type.IsGenericType || method.IsGenericMethod || !IsFramework(method.Module.Assembly));

    /// <summary>Whether a type belongs to the recording.</summary>
    private static bool IsOwn(Type type) =>
        type.Assembly == typeof(StartRecorder).Assembly || type.Assembly == typeof(MetadataBuilder).Assembly
        || type.HasElementType && IsOwn(type.GetElementType()!) || type.IsConstructedGenericType && type.GetGenericArguments().Any(IsOwn);

    private static bool IsFramework(Assembly assembly) => assembly.Location.Contains("/shared/Microsoft.", StringComparison.Ordinal);

    private static MethodInfo Internal(Type type, string name, int parameters) =>
        type.GetMethods(BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance)
            .Single(method => method.Name == name && method.GetParameters() is var all && all.Length == parameters
                && (parameters == 0 || all[1].ParameterType.Name == "IRuntimeMethodInfo"));
}
