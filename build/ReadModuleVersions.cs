#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Orleans.Tbptt.Build;

/// <summary>Reads the module version IDs (MVIDs) of assemblies: a compiler gives each build of an assembly another one.</summary>
/// <remarks>
/// The heap of GUIDs of an assembly that was not edited holds just this one (ECMA-335, II.24.2.5 and II.22.30). The code is limited to what
/// MSBuild's inline compiler accepts: .NET Standard 2.0, which has no reader of metadata.
/// </remarks>
public sealed class ReadModuleVersions : Task
{
    private static readonly byte[] Root = Encoding.ASCII.GetBytes("BSJB"), Guids = Encoding.ASCII.GetBytes("#GUID\0");

    /// <summary>Paths of the assemblies.</summary>
    [Required]
    public ITaskItem[] Assemblies { get; set; } = [];

    /// <summary>Each assembly's name and MVID: <c>name=mvid,name=mvid</c>.</summary>
    [Output]
    public string Versions { get; private set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        var versions = new List<string>();
        foreach (var assembly in Assemblies)
            versions.Add(Path.GetFileNameWithoutExtension(assembly.ItemSpec) + "=" + Version(assembly.ItemSpec));
        Versions = string.Join(",", versions);
        return !Log.HasLoggedErrors;
    }

    private Guid Version(string path)
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
