#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Orleans.Tbptt.Build;

/// <summary>Finds the installed frameworks that a program will run on, and which builds they are.</summary>
/// <remarks>
/// A program runs on the newest patch, so that is what is found. A compiler gives each build of an assembly another module version ID
/// (MVID); the heap of GUIDs of an assembly that was not edited holds just this one (ECMA-335, II.24.2.5 and II.22.30). The code is limited
/// to what MSBuild's inline compiler accepts: .NET Standard 2.0, which has no reader of metadata.
/// </remarks>
public sealed class FindFrameworks : Task
{
    private static readonly byte[] Root = Encoding.ASCII.GetBytes("BSJB"), Guids = Encoding.ASCII.GetBytes("#GUID\0");

    /// <summary>The folder of all shared frameworks.</summary>
    [Required]
    public string Shared { get; set; } = "";

    /// <summary>Major and minor version, such as 10.0.</summary>
    [Required]
    public string Version { get; set; } = "";

    /// <summary>
    /// Names of the frameworks. The metadata <c>Assembly</c> is the name of an assembly of the framework; its MVID identifies the build.
    /// </summary>
    [Required]
    public ITaskItem[] Names { get; set; } = [];

    /// <summary>The assemblies of the frameworks.</summary>
    [Output]
    public ITaskItem[] Assemblies { get; private set; } = [];

    /// <summary>The first framework's version, and the MVID of an assembly of each: <c>10.0.1,name=mvid,name=mvid</c>.</summary>
    [Output]
    public string Builds { get; private set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        var assemblies = new List<ITaskItem>();
        var builds = new List<string>();
        foreach (var name in Names)
        {
            var patches = from folder in Directory.GetDirectories(Path.Combine(Shared, name.ItemSpec), Version + ".*")
                          let text = Path.GetFileName(folder)
                          where System.Version.TryParse(text, out _)
                          orderby System.Version.Parse(text)
                          select folder;
            if (patches.LastOrDefault() is not { } newest)
            {
                Log.LogError("{0} has no version {1} of {2}, expected one to compile with; install it, or build with -p:Precompile=false.",
                    Shared, Version, name.ItemSpec);
                return false;
            }

            if (builds.Count == 0)
                builds.Add(Path.GetFileName(newest));
            builds.Add(name.GetMetadata("Assembly") + "=" + ModuleVersion(Path.Combine(newest, name.GetMetadata("Assembly") + ".dll")));
            assemblies.AddRange(Directory.GetFiles(newest, "*.dll").Select(file => new TaskItem(file)));
        }

        (Assemblies, Builds) = (assemblies.ToArray(), string.Join(",", builds));
        return !Log.HasLoggedErrors;
    }

    private Guid ModuleVersion(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int root = Find(bytes, Root, 0), name = root < 0 ? -1 : Find(bytes, Guids, root);
        if (name < 0 || BitConverter.ToInt32(bytes, name - 4) != 16)
        {
            Log.LogError("{0} has no single module version ID, expected one in its #GUID heap; build with -p:Precompile=false.", path);
            return default;
        }

        byte[] guid = new byte[16];
        Array.Copy(bytes, root + BitConverter.ToInt32(bytes, name - 8), guid, 0, 16);
        return new Guid(guid);
    }

    private static int Find(byte[] bytes, byte[] wanted, int from)
    {
        for (int at = from; at <= bytes.Length - wanted.Length; at++)
        {
            int same = 0;
            while (same < wanted.Length && bytes[at + same] == wanted[same])
                same++;
            if (same == wanted.Length)
                return at;
        }

        return -1;
    }
}
