using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>A directory with the programs under their names, as scripts expect them in <c>PATH</c>.</summary>
internal static class InstalledPrograms
{
    /// <summary>Writes <c>tbptt</c> and <c>tbptt-silo</c>.</summary>
    public static void Write(TemporaryDirectory directory)
    {
        var silo = SiloProgram.Find(AppContext.BaseDirectory);
        Script(directory, "tbptt", $"exec '{silo.Runtime}' '{ConsoleProcess.Program}' \"$@\"");
        Script(directory, "tbptt-silo", $"exec '{silo.Runtime}' '{silo.Assembly}' \"$@\"");
    }

    /// <summary>Writes a script.</summary>
    public static void Script(TemporaryDirectory directory, string name, string text)
    {
        string path = directory.File(name);
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        Tool.Run("chmod", "+x", path);
    }
}
