using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Orleans.Tbptt.Benchmarks.Profile;

/// <summary>
/// Writes a list of methods in the format that .NET's ahead-of-time compiler reads (<c>crossgen2 --mibc</c>): a zipped assembly whose code
/// names them.
/// </summary>
/// <remarks>
/// <code>
/// AssemblyDictionary   ldstr "Defining;Other;Another;"   ldtoken the group's method   pop   …
/// a group's method     ldtoken a method                  pop                          …
/// </code>
/// A group holds the methods of one defining assembly over types of the same others: the compiler skips a group unless it may use code of
/// all of them. Format: dotnet/runtime, <c>MIbcProfileParser</c> and <c>docs/design/coreclr/botr/readytorun-format.md</c>.
/// </remarks>
internal sealed class MethodProfile
{
    /// <summary>The end of a profile's file name.</summary>
    public const string Extension = ".mibc";

    private static readonly BlobContentId Id = new(new Guid("6f0c8e3a-55a1-4d0e-9b0e-2d7f5d1c9a10"), 1);
    private readonly MetadataBuilder _metadata = new();
    private readonly MemberTokens _tokens;

    private MethodProfile() => _tokens = new(_metadata);

    /// <summary>Writes a profile; the same methods give the same bytes, in whatever order they come.</summary>
    public static void Write(string path, IEnumerable<MethodBase> methods)
    {
        var profile = new MethodProfile().Build(methods);
        string partial = path + ".new";
        // Of a process that was killed while it wrote.
        File.Delete(partial);
        using (var archive = ZipFile.Open(partial, ZipArchiveMode.Create))
        {
            var entry = archive.CreateEntry(Path.GetFileName(path) + ".dll", CompressionLevel.SmallestSize);
            entry.LastWriteTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var stream = entry.Open();
            profile.WriteContentTo(stream);
        }

        File.Move(partial, path, overwrite: true);
    }

    private BlobBuilder Build(IEnumerable<MethodBase> methods)
    {
        _metadata.AddModule(0, _metadata.GetOrAddString("profile"), _metadata.GetOrAddGuid(Id.Guid), default, default);
        _metadata.AddAssembly(_metadata.GetOrAddString("profile"), new(0, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        _metadata.AddTypeDefinition(default, default, _metadata.GetOrAddString("<Module>"), default,
            MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var bodies = new BlobBuilder();
        var stream = new MethodBodyStreamEncoder(bodies);
        var dictionary = new InstructionEncoder(new());
        var groups = methods.Select(method => (Group: GroupOf(method), Key: Key(method), Method: method))
            .DistinctBy(one => one.Key).GroupBy(one => one.Group).OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var code = new InstructionEncoder(new());
            foreach (var one in group.OrderBy(one => one.Key, StringComparer.Ordinal))
                if (_tokens.OfMethod(one.Method) is { } token)
                    Name(code, token);
            dictionary.LoadString(_metadata.GetOrAddUserString(group.Key));
            Name(dictionary, AddMethod(stream, "Group", code));
        }

        AddMethod(stream, "AssemblyDictionary", dictionary);
        var image = new BlobBuilder();
        new ManagedPEBuilder(PEHeaderBuilder.CreateLibraryHeader(), new(_metadata), bodies, deterministicIdProvider: _ => Id)
            .Serialize(image);
        return image;
    }

    private static void Name(InstructionEncoder code, EntityHandle token)
    {
        code.OpCode(ILOpCode.Ldtoken);
        code.Token(token);
        code.OpCode(ILOpCode.Pop);
    }

    private MethodDefinitionHandle AddMethod(MethodBodyStreamEncoder stream, string name, InstructionEncoder code)
    {
        var signature = new BlobBuilder();
        new BlobEncoder(signature).MethodSignature().Parameters(0, returned => returned.Void(), _ => { });
        return _metadata.AddMethodDefinition(MethodAttributes.Public | MethodAttributes.Static, MethodImplAttributes.IL,
            _metadata.GetOrAddString(name), _metadata.GetOrAddBlob(signature), stream.AddMethodBody(code), default);
    }

    private static string GroupOf(MethodBase method)
    {
        string own = method.Module.Assembly.GetName().Name!;
        var others = new SortedSet<string>(StringComparer.Ordinal);
        Collect(method.DeclaringType!, others);
        foreach (var argument in method.IsGenericMethod ? method.GetGenericArguments() : [])
            Collect(argument, others);
        others.Remove(own);
        return own + ";" + string.Concat(others.Select(name => name + ";"));
    }

    private static void Collect(Type type, SortedSet<string> assemblies)
    {
        if (type.HasElementType)
        {
            Collect(type.GetElementType()!, assemblies);
        }
        else if (!type.IsGenericParameter && !type.IsPrimitive && !MemberTokens.IsCanonical(type))
        {
            assemblies.Add(type.Assembly.GetName().Name!);
            foreach (var argument in type.GetGenericArguments())
                Collect(argument, assemblies);
        }
    }

    // Names alone do not tell nested types of the same name apart.
    // Names alone do not tell nested types of the same name apart.
    private static string Key(MethodBase method) => string.Join(' ',
        [method.DeclaringType!.AssemblyQualifiedName ?? method.DeclaringType.ToString(), method.Name,
            method.MetadataToken.ToString("x8", CultureInfo.InvariantCulture),
            .. (method.IsGenericMethod ? method.GetGenericArguments() : []).Select(type => type.AssemblyQualifiedName ?? type.ToString())]);
}
